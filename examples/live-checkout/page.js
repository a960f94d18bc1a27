import { checkoutIdOf, watchCheckout } from './watch.js'

const CHECKOUT = 'query ($id: ID!) { checkout(by: { id: $id }) { url item { name } price { amount currency } } }'

const CONNECTION = {
  connecting: 'Connecting …',
  live: 'Live.',
  lost: 'The connection is lost; trying again …',
  done: 'Nothing more will happen.',
  refused: 'The gateway refused',
}

const element = (id) => document.getElementById(id)

element('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  const { gateway, clientSecret } = Object.fromEntries(new FormData(event.target))
  element('form').hidden = true
  element('checkout').hidden = false
  showItem(await ask(gateway, clientSecret))
  const watched = watchCheckout({ url: gateway, clientSecret, on: { status: showStatus, connection: showConnection } })
  element('cut').addEventListener('click', watched.cut)
})

async function ask(gateway, clientSecret) {
  const response = await fetch(gateway, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${clientSecret}` },
    body: JSON.stringify({ query: CHECKOUT, variables: { id: checkoutIdOf(clientSecret) } }),
  })
  return (await response.json()).data?.checkout
}

function showItem(checkout) {
  if (!checkout) return
  const { url, item, price } = checkout
  element('item').textContent = `${item.name}, ${price.amount} ${price.currency}`
  element('pay').href = url
}

function showStatus({ state, at, message }) {
  const step = document.createElement('li')
  const time = Object.assign(document.createElement('time'), { dateTime: at })
  time.textContent = new Date(at).toLocaleTimeString()
  step.append(message ? `${state}: ${message}` : state, ' ', time)
  element('steps').append(step)
}

function showConnection(how, reason) {
  element('connection').textContent = reason ? `${CONNECTION[how]}: ${reason}` : CONNECTION[how]
  element('cut').hidden = how === 'done' || how === 'refused'
}

// What the checkout's pages do beyond forms: copy, count down, follow the payment. Each part stands alone.

const FINAL = ['completed', 'failed', 'cancelled', 'expired']
const POLL_MS = 1000
const POLL_DEADLINE_MS = 10_000

function offerCopying() {
  if (!navigator.clipboard) return
  for (const button of document.querySelectorAll('[data-copy]')) {
    const label = button.querySelector('[data-copy-label]')
    button.hidden = false
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy)
      label.textContent = 'Copied'
      setTimeout(() => {
        label.textContent = 'Copy'
      }, 2000)
    })
  }
}

function countDown() {
  const timer = document.querySelector('[data-countdown]')
  if (!timer) return
  const end = performance.now() + Number(timer.dataset.countdown) * 1000
  const tick = setInterval(() => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000))
    timer.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
    if (left > 0) return
    clearInterval(tick)
    document.querySelector('[data-stale]').hidden = false
    for (const button of document.querySelectorAll('[data-pay]')) button.disabled = true
  }, 1000)
}

function followPayment() {
  const panel = document.querySelector('[data-live]')
  if (!panel) return
  const { path, query } = panel.dataset
  let over = false

  const arrive = (change) => {
    if (over) return
    showChange(panel, change)
    if (!FINAL.includes(change.status)) return
    over = true
    leadOn(panel, ['completed', 'failed'].includes(change.status) ? change.status : 'ended')
  }

  const poll = async () => {
    if (over) return
    const response = await fetch(`${path}?${query}`).catch(() => undefined)
    if (response?.ok) arrive(await response.json())
    setTimeout(poll, POLL_MS)
  }

  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${path}/ws?${query}`)
  socket.addEventListener('message', ({ data }) => {
    const { status } = JSON.parse(data)
    if (status?.status) arrive(status)
  })
  socket.addEventListener('close', poll)
}

function showChange(panel, { status, txHash }) {
  const part = (name) => panel.querySelector(`[data-${name}]`)
  const headline = JSON.parse(panel.dataset.headlines)[status]
  const steps = [...panel.querySelectorAll('[data-step]')]
  const reached = { created: 0, waitingConfirmation: 1, failed: 1, completed: 3 }[status] ?? 0
  const explanation = JSON.parse(panel.dataset.explanations)[status] ?? ''
  const current = FINAL.includes(status) ? 'bad' : 'now'
  steps.forEach((step, index) => {
    const state = index < reached ? 'done' : index > reached ? 'next' : current
    step.className = `step ${state}`
    step.toggleAttribute('aria-current', false)
    if (state === 'now') step.setAttribute('aria-current', 'step')
  })
  part('headline').textContent = headline
  part('hash').hidden = !txHash
  part('hash-text').textContent = txHash
  part('explanation').hidden = !explanation
  part('explanation').textContent = explanation
  const step = steps[reached]?.querySelector('strong').textContent ?? headline
  part('announce').textContent = FINAL.includes(status) ? `${headline}. ${explanation}` : step
}

/** Shows the way on and, where the shop wants the customer back, takes it after a while unless the customer stays. */
function leadOn(panel, end) {
  const part = (name) => panel.querySelector(`[data-${name}]`)
  const next = part('next')
  const leaving = part('leaving')
  const back = part('back')
  if (back) back.hidden = end !== 'failed'
  part('onward').hidden = false
  next.href = panel.dataset[end]
  next.textContent =
    { completed: next.dataset.labelCompleted, failed: next.dataset.labelFailed }[end] ?? next.dataset.labelEnded
  if (!leaving.dataset.leaving.split(' ').includes(end)) return
  let left = Number(leaving.dataset.seconds)
  leaving.hidden = false
  const tick = setInterval(() => {
    left -= 1
    part('seconds-left').textContent = left
    if (left > 0) return
    clearInterval(tick)
    location.assign(next.href)
  }, 1000)
  part('stay').addEventListener('click', () => {
    clearInterval(tick)
    leaving.hidden = true
    next.focus()
  })
}

/** Brings the manage page up to date while something is being confirmed. What the customer is at stays as it is. */
function followSubscription() {
  const panel = document.querySelector('[data-manage][data-underway]')
  if (!panel) return
  const look = async () => {
    const text = await fetch(panel.dataset.manage, { signal: AbortSignal.timeout(POLL_DEADLINE_MS) })
      .then((response) => (response.ok ? response.text() : ''))
      .catch(() => '')
    const fresh = new DOMParser().parseFromString(text, 'text/html').querySelector('[data-manage]')
    if (fresh) takeOver(panel, fresh)
    if (!fresh || fresh.dataset.underway !== undefined) setTimeout(look, POLL_MS)
  }
  setTimeout(look, POLL_MS)
}

function takeOver(panel, fresh) {
  for (const part of panel.querySelectorAll('[data-part]')) {
    const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`)
    if (isInUse(part) || other?.innerHTML === part.innerHTML) continue
    part.replaceChildren(...(other?.childNodes ?? []))
  }
}

/** Whether the customer is at something there: it has the focus, it was opened, or something is typed in or refused. */
function isInUse(part) {
  if (part.contains(document.activeElement) || part.querySelector('details[open], [aria-invalid]')) return true
  return [...part.querySelectorAll('input, textarea')].some((field) => field.value !== field.defaultValue)
}

offerCopying()
countDown()
followPayment()
followSubscription()

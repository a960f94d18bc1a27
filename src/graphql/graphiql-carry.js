// Lets the example tabs run one after the other without copying ids: `{{product}}` in the variables of a tab stands
// for the id that an earlier answer had under `product`. Where there was none yet, it is said which tab comes first.
;(() => {
  const known = JSON.parse(sessionStorage.getItem('tollgate:ids') ?? '{}')
  const { madeBy } = self.tollgateTabs

  function remember(value) {
    if (Array.isArray(value)) return value.forEach(remember)
    if (typeof value !== 'object' || value === null) return
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner?.id === 'string') known[name] = inner.id
      remember(inner)
    }
    sessionStorage.setItem('tollgate:ids', JSON.stringify(known))
  }

  const fill = (text) => text.replace(/\{\{(\w+)\}\}/g, (whole, name) => known[name] ?? whole)

  // Placeholders of a successUrl stay, and so does what nobody fills in.
  function missingIn(text) {
    const name = Object.keys(madeBy).find((each) => text.includes(`{{${each}}}`))
    return name && [{ message: `Run the tab "${madeBy[name]}" first: {{${name}}} stands for the id in its answer.` }]
  }

  const { fetch } = window
  window.fetch = async (address, init) => {
    if (typeof init?.body !== 'string') return fetch(address, init)
    const body = fill(init.body)
    const errors = missingIn(JSON.stringify(JSON.parse(body).variables ?? {}))
    if (errors) return Response.json({ errors })
    const response = await fetch(address, { ...init, body })
    response
      .clone()
      .json()
      .then((answer) => remember(answer.data))
      .catch(() => {})
    return response
  }

  const { send } = WebSocket.prototype
  WebSocket.prototype.send = function (data) {
    if (typeof data !== 'string') return send.call(this, data)
    const text = fill(data)
    const { id, payload } = JSON.parse(text)
    const errors = missingIn(JSON.stringify(payload?.variables ?? {}))
    if (!errors) return send.call(this, text)
    const answer = JSON.stringify({ id, type: 'error', payload: errors })
    setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data: answer })))
  }
})()

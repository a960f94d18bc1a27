/** Why there is no answer. The message is for people, and says nothing about our own network. */
export class OutboundError extends Error {
  override readonly name: string = 'OutboundError'
}

/** The address is not one that users may name, or leads to one. */
export class AddressRefused extends OutboundError {
  override readonly name = 'AddressRefused'
}

export class TimedOut extends OutboundError {
  override readonly name = 'TimedOut'
}

/** The host is not found, does not listen, breaks off, or speaks no HTTP. */
export class NoAnswer extends OutboundError {
  override readonly name = 'NoAnswer'
}

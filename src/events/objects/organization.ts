import { boolean, enumeration, id, integer, moment, money, orMissing, orNull, shape, text, texts } from '../shape.ts'

/** What events say of the organization, its users, keys, providers and webhook endpoints. */

const ORGANIZATION_ID = id('The id of the organization: org_…')

export const USER = shape({
  name: 'UserSnapshot',
  field: 'user',
  description: 'A user as they were after the change.',
  fields: {
    id: id('The id of the user: user_…'),
    name: text('The first name.'),
    lastName: text('The last name.'),
    email: text('The e-mail address.'),
    role: enumeration('Role', 'The role of the user.'),
    organizationFeeBps: integer("The organization's fee on the user's payments, in hundredths of a percent."),
    claimedAt: orNull(moment('When the user claimed the account. Null until then.')),
  },
})

export const CLAIM_FUNDS = shape({
  name: 'ClaimFundsSnapshot',
  field: 'claimFunds',
  description: 'What the organization owes a seller, as it was after the change.',
  fields: {
    id: id('The id: claim_…'),
    user: id('The id of the seller.'),
    owed: money('The amount that is owed.'),
    funded: boolean('Whether the amount was paid.'),
  },
})

export const API_KEY = shape({
  name: 'ApiKeySnapshot',
  field: 'apiKey',
  description: 'An API key as it was after the change, without its secret.',
  fields: {
    id: id('The id of the key: key_…'),
    name: text('The name of the key.'),
    prefix: text('The first characters of the secret.'),
    last4: text('The last four characters of the secret.'),
    role: enumeration('Role', 'The role of the key.'),
    user: orNull(id('The id of the user who owns the key. Null for a key of the organization.')),
    expiresAt: orNull(moment('When the key expires. Null when it does not.')),
    rateLimit: orNull(integer('The number of requests in 15 minutes. Null for the default.')),
  },
})

export const CONNECTION = shape({
  name: 'ProviderConnectionSnapshot',
  field: 'connection',
  description: 'A connection to a provider.',
  fields: {
    id: ORGANIZATION_ID,
    provider: enumeration('Provider', 'The payment provider.'),
    baseUrl: text("The address of the provider's API."),
  },
})

export const SANDBOX_RESET = shape({
  name: 'SandboxResetSnapshot',
  field: 'reset',
  description: 'The reset of a simulator.',
  fields: { id: ORGANIZATION_ID, provider: enumeration('Provider', 'The payment provider that is simulated.') },
})

export const TEST_CLOCK = shape({
  name: 'TestClockSnapshot',
  field: 'testClock',
  description: 'A change of the test clock.',
  fields: {
    id: ORGANIZATION_ID,
    from: moment('The time of the test clock before the change.'),
    to: moment('The time of the test clock after the change.'),
  },
})

export const DATA_REMOVAL = shape({
  name: 'DataRemovalSnapshot',
  field: 'dataRemoval',
  description: 'The removal of all data of one mode.',
  fields: {
    id: ORGANIZATION_ID,
    mode: enumeration('Mode', 'The mode whose data is removed.'),
    dueAt: orNull(moment('When the data is removed. Null when the removal was cancelled.')),
  },
})

export const ORGANIZATION_NAME = shape({
  name: 'OrganizationNameSnapshot',
  field: 'organization',
  description: 'The name of the organization after the change.',
  fields: { id: ORGANIZATION_ID, name: text('The name of the organization.') },
})

export const CLIENT_AUTHENTICATION = shape({
  name: 'ClientAuthenticationSnapshot',
  field: 'clientAuthentication',
  description: 'The setting for the authentication of clients after the change.',
  fields: {
    id: ORGANIZATION_ID,
    clientAuthenticationUrl: orNull(text('The URL that is asked about clients. Null when none is asked.')),
  },
})

export const UNIQUE_REFERENCES = shape({
  name: 'UniqueReferencesSnapshot',
  field: 'uniqueReferences',
  description: 'The setting for the references of checkouts after the change.',
  fields: { id: ORGANIZATION_ID, uniqueReferences: boolean('Whether the reference of a checkout must be unique.') },
})

export const WEBHOOK_ENDPOINT = shape({
  name: 'WebhookEndpointSnapshot',
  field: 'webhookEndpoint',
  description: 'A webhook endpoint as it was after the change, without its secret.',
  fields: {
    id: id('The id of the endpoint: whe_…'),
    url: text('The URL that receives the webhooks.'),
    kind: enumeration('WebhookKind', 'The purpose of the endpoint.'),
    types: texts('The event types that are sent. Empty means all types.'),
    active: boolean('Whether webhooks are sent.'),
    disabledReason: orMissing(text('Why the gateway disabled the endpoint. Null when it did not.')),
  },
})

import type { Done } from '../../kernel/actor.ts'
import { mutation } from '../mutation.ts'

mutation<Done & { dueAt?: Date | undefined }>('requestDataRemoval', {
  description:
    "Schedules the removal of all data of the organization in the mode of the key, 30 days from now by the organization's clock. The removal deletes all keys and all personal data and keeps only the records that the ledger needs. Until then it can be cancelled with `cancelDataRemoval`. Only for keys with the role OWNER.",
  scope: 'manager',
  idempotency: 'optional',
  input: () => ({}),
  object: { name: 'organization', kind: 'Organization', description: 'The organization whose data will be removed.' },
  also: {
    name: 'dueAt',
    description:
      'When the data will be removed, in UTC. Null when the answer is replayed: read `viewer { dataRemovalDueAt }` instead.',
    value: ({ dueAt, replayed }) => (replayed ? undefined : dueAt?.toISOString()),
  },
  run: (app, call) => app.removal.request(call),
})

mutation('cancelDataRemoval', {
  description: 'Cancels a scheduled removal of data, as long as it has not started. Only for keys with the role OWNER.',
  scope: 'manager',
  idempotency: 'optional',
  input: () => ({}),
  object: { name: 'organization', kind: 'Organization', description: 'The organization whose data is kept.' },
  run: (app, call) => app.removal.cancel(call),
})

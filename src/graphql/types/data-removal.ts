import type { Done } from '../../kernel/actor.ts'
import { mutation } from '../mutation.ts'

mutation<Done & { dueAt?: Date | undefined }>('requestDataRemoval', {
  description:
    'Has everything of the organization in the mode of the key removed in 30 days, by its clock: all keys end, and only what the books need is left, without anything that people wrote. Until then it can be cancelled. For keys of the role OWNER.',
  scope: 'manager',
  idempotency: 'optional',
  input: () => ({}),
  object: { name: 'organization', kind: 'Organization', description: 'Whose data it is.' },
  also: {
    name: 'dueAt',
    description:
      'When it will be done, in UTC. Null when the answer is replayed: `viewer { dataRemovalDueAt }` has it.',
    value: ({ dueAt, replayed }) => (replayed ? undefined : dueAt?.toISOString()),
  },
  run: (app, call) => app.removal.request(call),
})

mutation('cancelDataRemoval', {
  description: 'Keeps the data after all, as long as the removal has not begun. For keys of the role OWNER.',
  scope: 'manager',
  idempotency: 'optional',
  input: () => ({}),
  object: { name: 'organization', kind: 'Organization', description: 'Whose data it is.' },
  run: (app, call) => app.removal.cancel(call),
})

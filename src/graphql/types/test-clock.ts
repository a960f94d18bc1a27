import type { TestClock } from '../../organizations/test-clock.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { mutation } from '../mutation.ts'
import { DurationInput } from './duration.ts'
import { moment, momentField, momentOrNull } from './moment.ts'

const TestClockRef = builder.objectRef<TestClock>('TestClock').implement({
  description: 'Where a test clock stands.',
  fields: (t) => ({
    now: t.field({
      ...momentField(t),
      description: 'The moment that it has reached.',
      resolve: ({ now }, args, context) => moment(now, args, context),
    }),
    target: t.field({
      ...momentField(t),
      nullable: true,
      description: 'The moment that it is still on its way to; null once it has arrived.',
      resolve: ({ target }, args, context) => momentOrNull(target, args, context),
    }),
  }),
})

mutation('advanceTestClock', {
  description:
    'Test mode: turns the test clock forward, to a moment or by a duration. What falls due on the way is done in its order, each thing at its own moment: bills, expiries, trials, retries. It is answered on arrival, or after 20 seconds while the clock goes on. Of several moments that are asked for the latest is reached.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    to: t.field({
      type: 'DateTime',
      description: 'The moment, ahead of the clock and before the year 2100. Either this or `by`.',
    }),
    by: t.field({ type: DurationInput, description: 'How far, up to any length. Either this or `to`.' }),
  }),
  object: {
    name: 'testClock',
    type: TestClockRef,
    description: 'The clock as it stands.',
    read: (context) => context.app.testClock.read(actorOf(context).tenantId),
  },
  run: (app, call, input) => app.testClock.advance(call, input),
})

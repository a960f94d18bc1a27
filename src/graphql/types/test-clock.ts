import type { TestClock } from '../../organizations/test-clock.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { mutation } from '../mutation.ts'
import { DurationInput } from './duration.ts'
import { moment, momentField, momentOrNull } from './moment.ts'

const TestClockRef = builder.objectRef<TestClock>('TestClock').implement({
  description:
    'The test clock, which sets the time of a test tenant: billings, expiries, trials and retries follow it.',
  fields: (t) => ({
    now: t.field({
      ...momentField(t),
      description: 'The current time of the test clock.',
      resolve: ({ now }, args, context) => moment(now, args, context),
    }),
    target: t.field({
      ...momentField(t),
      nullable: true,
      description: 'The time that the test clock is still moving to. Null when it has arrived.',
      resolve: ({ target }, args, context) => momentOrNull(target, args, context),
    }),
  }),
})

mutation('advanceTestClock', {
  description:
    'Test mode only. Moves the test clock forward, to a moment or by a duration. Everything that becomes due on the way (billings, expiries, trials, retries) happens in order, each at its own time. The mutation returns when the clock has arrived, or after 20 seconds while the clock continues. When several moments are requested, the clock moves to the latest.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    to: t.field({
      type: 'DateTime',
      description:
        'The moment to move to: later than the current time of the test clock, and before the year 2100. Give either this or `by`.',
    }),
    by: t.field({
      type: DurationInput,
      description: 'The duration to move by, without the limit of ten years. Give either this or `to`.',
    }),
  }),
  object: {
    name: 'testClock',
    type: TestClockRef,
    description: 'The test clock after the change.',
    read: (context) => context.app.testClock.read(actorOf(context).tenantId),
  },
  run: (app, call, input) => app.testClock.advance(call, input),
})

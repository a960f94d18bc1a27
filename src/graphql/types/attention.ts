import type { Actor } from '../../kernel/actor.ts'
import type { Counters, Matter, Notification } from '../../reconciliation/attention.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { inTimezone } from '../timezone.ts'
import { momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { timezoneArg, zoneOf } from './stats.ts'

const CountersType = builder.objectRef<Counters>('Counters').implement({
  description: 'How much is on its way.',
  fields: (t) => ({
    openCheckouts: t.exposeInt('openCheckouts', { description: 'The number of checkouts that can still be paid.' }),
    checkoutsInDoubt: t.exposeInt('checkoutsInDoubt', {
      description: 'The number of checkouts with the status UNKNOWN.',
    }),
    paymentsToday: t.exposeInt('paymentsToday', {
      description: 'The number of payments that were created today, in the time zone that is asked for.',
    }),
    failedDeliveries: t.exposeInt('failedDeliveries', {
      description: 'The number of webhook deliveries that were given up.',
    }),
    pendingDeliveries: t.exposeInt('pendingDeliveries', {
      description: 'The number of webhook deliveries that wait for an attempt.',
    }),
    inboxWaiting: t.exposeInt('inboxWaiting', {
      description: 'The number of webhooks of providers that are not processed yet.',
    }),
    heldTransactions: t.exposeInt('heldTransactions', {
      description: 'The number of ledger transactions on hold.',
    }),
  }),
})

const KINDS = {
  PAID_LATE: { value: 'late', description: 'Payments arrived after their checkout or billing had ended.' },
  UNDERPAID: { value: 'short', description: 'Payments arrived with less than the requested amount.' },
  OVERPAID: { value: 'surplus', description: 'Payments arrived with more than the requested amount.' },
  UNCLAIMED: { value: 'unclaimed', description: 'Payments arrived that no checkout or subscription requested.' },
  AMOUNT_UNKNOWN: { value: 'untold', description: 'The provider does not say how much of a payment arrived.' },
  ENDPOINT_DISABLED: { value: 'endpoint', description: 'A webhook endpoint was disabled by the gateway.' },
  INBOX_GIVEN_UP: { value: 'inbox', description: 'Webhooks of a provider could not be processed.' },
  DELIVERIES_GIVEN_UP: { value: 'deliveries', description: 'Webhook deliveries were given up.' },
  CHECKOUTS_IN_DOUBT: { value: 'checkouts', description: 'Checkouts have had the status UNKNOWN for over an hour.' },
  KEY_EXPIRES: { value: 'key', description: 'An API key expires within a week.' },
  DATA_REMOVAL: { value: 'removal', description: 'The removal of all data is scheduled.' },
} as const satisfies Record<string, { value: Matter; description: string }>

const NotificationKind = builder.enumType('NotificationKind', {
  description: 'What needs attention.',
  values: KINDS,
})

const NotificationType = builder.objectRef<Notification>('Notification').implement({
  description: 'Something that needs the attention of a person.',
  fields: (t) => ({
    kind: t.expose('matter', { type: NotificationKind, description: 'What needs attention.' }),
    message: t.exposeString('message', {
      description:
        'The same as an English sentence. Times are in the time zone of the Time-Zone header, otherwise UTC.',
    }),
    count: t.exposeInt('count', { description: 'The number of things that the notification is about.' }),
    amount: t.field({
      type: MoneyRef,
      nullable: true,
      description: 'The amount of money that waits. Null for a notification that is not about money.',
      resolve: (notification) => notification.amount && amount(notification.amount.minor, notification.amount.currency),
    }),
    at: t.field({
      ...momentField(t),
      nullable: true,
      description: 'The moment that the message names. Null when it names none.',
      resolve: (notification, args, context) => momentOrNull(notification.at, args, context),
    }),
  }),
})

export const AttentionRef = builder.objectRef<Actor>('Attention').implement({
  description: 'What needs attention, and how much is on its way, in the mode of the key.',
  fields: (t) => ({
    counters: t.field({
      type: CountersType,
      description: 'How much is on its way.',
      args: timezoneArg(t),
      resolve: ({ tenantId }, { timezone }, context) =>
        context.app.attention.counters(tenantId, zoneOf(timezone, context)),
    }),
    notifications: t.field({
      type: [NotificationType],
      description:
        'The things that need attention: money on the suspense account, webhook endpoints that were disabled, operations that were given up or are unresolved for long, keys that expire within a week, and a scheduled removal of data. At most 100.',
      resolve: ({ tenantId }, _args, context) => notificationsOf(tenantId, context),
    }),
  }),
})

export function notificationsOf(tenantId: string, { app, timezone }: Context): Promise<Notification[]> {
  return app.attention.notifications(tenantId, (at) => (timezone ? inTimezone(at, timezone) : at.toISOString()))
}

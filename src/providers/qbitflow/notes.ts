import type { Adapter } from '../adapter.ts'

export const NOTES: Adapter['notes'] = {
  CREDENTIALS: 'QBITFLOW has apiKey and webhookSecret.',
  ITEM_TEXT: 'QBITFLOW requires at least 2 characters.',
  PERIOD: 'QBITFLOW accepts 7 to 365 days and counts a month as 30 days and a year as 365 days.',
  MONTHS: 'QBITFLOW counts a month as 30 days.',
  YEARS: 'QBITFLOW counts a year as 365 days.',
  CANCELLATION:
    'At QBITFLOW only the customer can cancel, on the management page: the mutation changes nothing and returns the URL of that page as `url`. In test mode `simulateSubscription` with CANCEL does what the customer would do there.',
  TEST_BILLING: 'QBITFLOW refuses this before the billing is due.',
  REFUND_ANSWER: 'QBITFLOW takes the answer only in its dashboard in live mode.',
  WEBHOOK_SIGNATURE: 'QBITFLOW sends it in the header X-Webhook-Signature-256.',
  WEBHOOK_TIMESTAMP: 'QBITFLOW sends it in the header X-Webhook-Timestamp.',
  WEBHOOK_AGE: 'QBITFLOW allows 300 seconds.',
}

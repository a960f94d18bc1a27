import { DomainError, type Problem } from '../../kernel/errors.ts'
import { withNotes } from '../../providers/notes.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { UserErrorRef } from '../user-errors.ts'
import { ProviderEnum } from './provider.ts'

const VerifyWebhookInput = builder.inputType('VerifyWebhookInput', {
  description: 'The input of `verifyWebhook`.',
  fields: (t) => ({
    idempotencyKey: t.string({
      description: 'Accepted as on every mutation. Verifying changes nothing, so a repeat verifies again.',
    }),
    provider: t.field({
      type: ProviderEnum,
      description:
        'The provider that sent the webhook. The default is the first connected provider that sends webhooks.',
    }),
    payload: t.string({
      required: true,
      description: 'The body of the webhook exactly as it was received, not parsed and serialized again.',
    }),
    signature: t.string({
      required: true,
      description: withNotes('The signature as received in the header.', 'WEBHOOK_SIGNATURE'),
    }),
    timestamp: t.string({
      description: withNotes(
        'The timestamp as received in the header. Omit it for a provider that sends none: the age of its webhooks is not checked, so keep the ids of those that were processed.',
        'WEBHOOK_TIMESTAMP',
      ),
    }),
  }),
})

interface Verified {
  readonly verified: boolean
  readonly reason?: string
  readonly userErrors: readonly Problem[]
}

const VerifyWebhookPayload = builder.objectRef<Verified>('VerifyWebhookPayload').implement({
  description: 'The answer of `verifyWebhook`.',
  fields: (t) => ({
    verified: t.exposeBoolean('verified', {
      description: 'Whether the webhook was sent by the provider and, where it sends a timestamp, is recent enough.',
    }),
    reason: t.string({
      nullable: true,
      description: 'Why the webhook is not verified, in words for people. Null when it is.',
      resolve: ({ reason }) => reason ?? null,
    }),
    userErrors: t.field({
      type: [UserErrorRef],
      description: 'The errors that the caller can correct. Empty when the webhook was checked.',
      resolve: ({ userErrors }) => [...userErrors],
    }),
    replayed: t.boolean({ description: 'Always false: every request is checked again.', resolve: () => false }),
  }),
})

builder.mutationField('verifyWebhook', (t) =>
  t.field({
    type: VerifyWebhookPayload,
    description: withNotes(
      "Checks a webhook that the merchant's own program received from a provider. The signature is checked with the webhook secret of the connection, and the webhook must not be older than the provider allows.",
      'WEBHOOK_AGE',
    ),
    authScopes: { key: true },
    args: { input: t.arg({ type: VerifyWebhookInput, required: true, description: 'The input of the mutation.' }) },
    resolve: async (_root, { input }, context): Promise<Verified> => {
      try {
        return { ...(await context.app.inbox.verify(actorOf(context), input)), userErrors: [] }
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        return { verified: false, userErrors: error.problems }
      }
    },
  }),
)

import { DomainError, type Problem } from '../../kernel/errors.ts'
import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { UserErrorRef } from '../user-errors.ts'
import { ProviderEnum } from './provider.ts'

const VerifyWebhookInput = builder.inputType('VerifyWebhookInput', {
  description: 'What `verifyWebhook` takes.',
  fields: (t) => ({
    idempotencyKey: t.string({
      description: 'Taken as by every mutation. Verifying changes nothing, so a repeat verifies again.',
    }),
    provider: t.field({
      type: ProviderEnum,
      description: 'Who is said to have sent it; the first that sends any when left out.',
    }),
    payload: t.string({ required: true, description: 'The body as it came, not parsed and written anew.' }),
    signature: t.string({
      required: true,
      description: "The signature as its header had it, e.g. QBitFlow's X-Webhook-Signature-256.",
    }),
    timestamp: t.string({
      required: true,
      description: "The time of sending as its header had it, e.g. QBitFlow's X-Webhook-Timestamp.",
    }),
  }),
})

interface Verified {
  readonly verified: boolean
  readonly reason?: string
  readonly userErrors: readonly Problem[]
}

const VerifyWebhookPayload = builder.objectRef<Verified>('VerifyWebhookPayload').implement({
  description: 'What `verifyWebhook` answers.',
  fields: (t) => ({
    verified: t.exposeBoolean('verified', { description: 'Whether the provider sent it, and just now.' }),
    reason: t.string({
      nullable: true,
      description: 'Why it is not verified, for people; null when it is.',
      resolve: ({ reason }) => reason ?? null,
    }),
    userErrors: t.field({
      type: [UserErrorRef],
      description: 'What the caller can put right; empty when it was checked.',
      resolve: ({ userErrors }) => [...userErrors],
    }),
    replayed: t.boolean({ description: 'Never: each is checked anew.', resolve: () => false }),
  }),
})

builder.mutationField('verifyWebhook', (t) =>
  t.field({
    type: VerifyWebhookPayload,
    description:
      "Whether a webhook that a program of yours received from a provider is genuine: checked here, with the secret of your connection. It must be no older than the provider's tolerance, which is 300 seconds for QBitFlow.",
    authScopes: { key: true },
    args: { input: t.arg({ type: VerifyWebhookInput, required: true, description: 'What to do.' }) },
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

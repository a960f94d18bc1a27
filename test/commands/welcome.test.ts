import { expect, test } from 'vitest'
import { welcomeText } from '../../src/commands/welcome.ts'

test('the first start shows the key, later ones the address alone', () => {
  const publicUrl = 'https://pay.example'
  const first = welcomeText({ publicUrl, graphiql: true, testKey: 'sk_test_1' })
  expect(first).toContain('GraphiQL   https://pay.example/graphql')
  expect(first).toContain('sk_test_1')
  const later = welcomeText({ publicUrl, graphiql: false })
  expect(later).toContain('GraphQL    https://pay.example/graphql')
  expect(later).not.toContain('key')
})

export interface Welcome {
  readonly publicUrl: string
  readonly graphiql: boolean
  /** The first secret key, on the first start alone. */
  readonly testKey?: string | undefined
}

/** What the person who starts the gateway is told. */
export function welcomeText({ publicUrl, graphiql, testKey }: Welcome): string {
  const lines = [`  Tollgate is ready.`, '', `    ${graphiql ? 'GraphiQL' : 'GraphQL '}   ${publicUrl}/graphql`]
  if (testKey) {
    lines.push(
      `    Test key   ${testKey}`,
      '',
      '  The key belongs to the owner of the demo organization and is shown only once.',
      '  More keys: npm run -s keys -- create --mode test --role OWNER',
    )
  }
  return `\n${lines.join('\n')}\n\n`
}

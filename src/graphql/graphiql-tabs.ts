/**
 * The example tabs of GraphiQL. They run in order; `{{product}}` is the id that an earlier answer had under that name.
 * A tab is called by its operation, so those have short names.
 */

interface Tab {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
}

const TABS: readonly Tab[] = [
  {
    query: `# 1 · Who am I? The key is under Headers, below.
query WhoAmI {
  viewer {
    mode
    organization { id name }
    apiKey { id name role last4 }
  }
  providers {
    provider
    capabilities
    sandbox { url credentials }
  }
}`,
  },
  {
    query: `# 2 · Create a product
mutation Product($input: CreateProductInput!) {
  createProduct(input: $input) {
    product { id reference name price { amount currency } }
    userErrors { code message field }
  }
}`,
    variables: {
      input: {
        name: 'Green tea',
        description: 'One hundred grams of first flush.',
        price: { amount: '12.50', currency: 'USD' },
      },
    },
  },
  {
    query: `# 3 · Create a customer
mutation Customer($input: CreateCustomerInput!) {
  createCustomer(input: $input) {
    customer { id name lastName email }
    userErrors { code message field }
  }
}`,
    variables: { input: { name: 'Ada', lastName: 'Lovelace' } },
  },
  {
    query: `# 4 · Create a checkout of that product.
# {{product}} stands for the id from tab 2, and the
# url is the page to pay on, in another window.
# Run it twice: the idempotency key makes a repeat
# harmless. Another key gives another checkout.
mutation Checkout($input: CreateCheckoutInput!) {
  createCheckout(input: $input) {
    checkout {
      id status url clientSecret expiresAt
      price { amount currency }
    }
    userErrors { code message field }
    replayed
  }
}`,
    variables: { input: { idempotencyKey: 'for-{{product}}', kind: 'PAYMENT', productId: '{{product}}' } },
  },
  {
    query: `# 5 · Pay, as the customer would on the page (test
# mode). Go on at once to see it move in tab 6.
mutation Pay($input: SimulateCheckoutInput!) {
  simulateCheckout(input: $input) {
    checkout { id status }
    userErrors { code message field }
  }
}`,
    variables: {
      input: {
        checkoutId: '{{checkout}}',
        outcome: 'PAY',
        customer: { name: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' },
      },
    },
  },
  {
    query: `# 6 · Watch the payment, up to its final status.
# To see each step, run this for a new checkout,
# then pay on its page in another window: GraphiQL
# stops watching when you go to another tab.
subscription Watch($checkout: ID!) {
  transactionStatus(id: $checkout) {
    state final transactionHash message at cursor
  }
}`,
    variables: { checkout: '{{checkout}}' },
  },
  {
    query: `# 7 · See the payment and its ledger entries
query Payment($checkout: ID!) {
  checkout(by: { id: $checkout }) {
    status
    customer { name email }
    payment {
      status
      amount { amount currency }
      fee { amount currency }
      ledgerTransactions(first: 5) {
        edges {
          node {
            recipe
            entries {
              account { externalId }
              amount { amount currency }
            }
          }
        }
      }
    }
  }
}`,
    variables: { checkout: '{{checkout}}' },
  },
  {
    query: `# 8 · Sell the product monthly. The page is another
# one: the customer allows a number of bills ahead.
# Its id is called {{signUp}}, as the alias says.
mutation Subscribe($input: CreateCheckoutInput!) {
  createCheckout(input: $input) {
    signUp: checkout { id status url kind }
    userErrors { code message field }
  }
}`,
    variables: {
      input: {
        idempotencyKey: 'monthly-{{product}}',
        kind: 'SUBSCRIPTION',
        productId: '{{product}}',
        frequency: { value: 1, unit: 'MONTHS' },
        minPeriods: 2,
      },
    },
  },
  {
    query: `# 9 · Sign up, as the customer would (test mode)
mutation SignUp($input: SimulateCheckoutInput!) {
  simulateCheckout(input: $input) {
    checkout { id status }
    userErrors { code message field }
  }
}`,
    variables: {
      input: {
        checkoutId: '{{signUp}}',
        outcome: 'PAY',
        customer: { name: 'Grace', lastName: 'Hopper', email: 'grace@example.com' },
      },
    },
  },
  {
    query: `# 10 · Turn the test clock: a hundred days pass, and
# each monthly bill happens on its day.
mutation Clock($input: AdvanceTestClockInput!) {
  advanceTestClock(input: $input) {
    testClock { now target }
    userErrors { code message field }
  }
}`,
    variables: { input: { by: { value: 100, unit: 'DAYS' } } },
  },
  {
    query: `# 11 · See the subscription and its bills
query Bills {
  subscriptions(first: 3) {
    edges {
      node {
        status
        price { amount currency }
        allowance { amount currency }
        nextBillingAt
        billings(first: 5) {
          edges { node { sequence status billedAt amount { amount } } }
        }
      }
    }
  }
}`,
  },
  {
    query: `# 12 · Do the books balance?
query Proof {
  ledger {
    totals { amount currency }
    proof {
      balanced accountsChecked entriesChecked
      breaks { kind message }
      head checkedAt
    }
  }
}`,
  },
]

/** What each tab is called, in their order. */
export const TAB_NAMES: readonly string[] = TABS.map(
  ({ query }) => /^(?:query|mutation|subscription) (\w+)/m.exec(query)?.[1] ?? '',
)

/** Which tab makes the object that a name in braces stands for. */
export const MADE_BY = {
  product: tabCalled('Product'),
  checkout: tabCalled('Checkout'),
  signUp: tabCalled('Subscribe'),
}

function tabCalled(name: string): string {
  return `${TAB_NAMES.indexOf(name) + 1} ${name}`
}

export function exampleTabs(headers: string) {
  return TABS.map(({ query, variables }) => ({
    query,
    variables: variables ? JSON.stringify(variables, null, 2) : '',
    headers,
  }))
}

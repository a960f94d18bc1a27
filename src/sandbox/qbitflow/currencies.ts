/** The coins that can be paid with. A token lives on a chain, whose own coin is its main currency. */
export interface Coin {
  readonly id: number
  readonly symbol: string
  readonly name: string
  readonly decimals: number
  /** The token's contract or mint; empty for a chain's own coin. */
  readonly address: string
  readonly chain: Chain
  /** How many decimals a quote shows. */
  readonly quoteDecimals: number
}

export interface Chain {
  readonly name: string
  readonly network: string
  readonly family: 'evm' | 'solana'
  /** EIP-155 number of an EVM chain. */
  readonly number?: number
  readonly mainCurrencyId: number
}

const ETHEREUM: Chain = {
  name: 'Ethereum',
  network: 'Sepolia test network',
  family: 'evm',
  number: 11155111,
  mainCurrencyId: 1,
}
const SOLANA: Chain = { name: 'Solana', network: 'Devnet', family: 'solana', mainCurrencyId: 2 }
const BASE: Chain = {
  name: 'Base',
  network: 'Base Sepolia test network',
  family: 'evm',
  number: 84532,
  mainCurrencyId: 3,
}

const native = (
  id: number,
  symbol: string,
  name: string,
  decimals: number,
  quoteDecimals: number,
  chain: Chain,
): Coin => ({
  id,
  symbol,
  name,
  decimals,
  address: '',
  chain,
  quoteDecimals,
})

const token = (id: number, symbol: string, name: string, chain: Chain, address: string): Coin => ({
  id,
  symbol,
  name,
  decimals: 6,
  address,
  chain,
  quoteDecimals: 6,
})

export const COINS: readonly Coin[] = [
  native(1, 'ETH', 'Ether', 18, 8, ETHEREUM),
  native(2, 'SOL', 'Solana', 9, 6, SOLANA),
  native(3, 'ETH', 'Ether on Base', 18, 8, BASE),
  token(4, 'USDC', 'USD Coin', ETHEREUM, '0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238'),
  token(5, 'USDT', 'Tether USD', ETHEREUM, '0xaA8E23Fb1079EA71e0a56F48a2aA51851D8433D0'),
  token(6, 'USDC', 'USD Coin', SOLANA, '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU'),
  token(7, 'USDT', 'Tether USD', SOLANA, 'EJwZgeZrdC8TXTQbQBoL6bfuAnFUUy1PVCMB4DYPzVaS'),
  token(8, 'USDC', 'USD Coin', BASE, '0x036CbD53842c5426634e7929541eC2318f3dCF7e'),
]

export function findCoin(id: number): Coin | undefined {
  return COINS.find((coin) => coin.id === id)
}

export function coin(id: number): Coin {
  const found = findCoin(id)
  if (!found) throw new Error(`no coin has the id ${id}`)
  return found
}

/** The first coin with this symbol: Ethereum's before another chain's. */
export function findCoinBySymbol(symbol: string): Coin | undefined {
  return COINS.find((coin) => coin.symbol === symbol.toUpperCase())
}

/** The coin as the API shows it. */
export function currencyView(coin: Coin): object {
  const main = coin.address === '' ? undefined : findCoin(coin.chain.mainCurrencyId)
  return {
    id: coin.id,
    symbol: coin.symbol,
    name: coin.name,
    decimals: coin.decimals,
    address: coin.address,
    mainCurrencyId: main?.id ?? null,
    mainCurrency: main ? currencyView(main) : null,
    test: true,
  }
}

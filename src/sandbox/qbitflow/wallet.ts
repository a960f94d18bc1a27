import { createHash } from 'node:crypto'
import type { Chain, Coin } from './currencies.ts'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** An address on a chain that belongs to nobody else: the same for the same owner, whenever asked. */
export function addressOf(owner: string, chain: Chain): string {
  const digest = hash(`address:${owner}`)
  return chain.family === 'evm' ? `0x${digest.subarray(0, 20).toString('hex')}` : base58(digest.subarray(0, 32))
}

/** The hash of a transaction, in the form of its chain. */
export function transactionHashOf(transaction: string, chain: Chain): string {
  const digest = hash(`transaction:${transaction}`)
  return chain.family === 'evm' ? `0x${digest.subarray(0, 32).toString('hex')}` : base58(digest)
}

/** What a wallet reads from the QR code: EIP-681 on EVM chains, Solana Pay on Solana. `amount` is in whole coins. */
export function paymentUri(coin: Coin, to: string, minUnits: bigint, amount: string): string {
  if (coin.chain.family === 'solana') {
    const mint = coin.address === '' ? '' : `&spl-token=${coin.address}`
    return `solana:${to}?amount=${amount}${mint}`
  }
  if (coin.address === '') return `ethereum:${to}@${coin.chain.number}?value=${minUnits}`
  return `ethereum:${coin.address}@${coin.chain.number}/transfer?address=${to}&uint256=${minUnits}`
}

/** As paymentUri, for letting somebody take up to an amount. A chain's own coin is locked with whoever may take it. */
export function allowanceUri(coin: Coin, spender: string, minUnits: bigint, link: string): string {
  if (coin.chain.family === 'solana') return `solana:${encodeURIComponent(link)}`
  if (coin.address === '') return `ethereum:${spender}@${coin.chain.number}/deposit?value=${minUnits}`
  return `ethereum:${coin.address}@${coin.chain.number}/approve?address=${spender}&uint256=${minUnits}`
}

function hash(text: string): Buffer {
  return createHash('sha512').update(text).digest()
}

function base58(bytes: Buffer): string {
  let value = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  while (value > 0n) {
    text = BASE58.charAt(Number(value % 58n)) + text
    value /= 58n
  }
  return text
}

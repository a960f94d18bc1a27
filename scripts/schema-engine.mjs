#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which is a download: the same JSON-RPC on standard input and output,
// answered by the WebAssembly build of the same engine from npm. Shadow databases live in memory, so no command but
// those about a given database needs a server.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { PGlite } from '@electric-sql/pglite'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    datamodels: { type: 'string', multiple: true },
    datasource: { type: 'string' },
    version: { type: 'boolean' },
  },
})
const databaseUrl = (options.datasource && JSON.parse(options.datasource).url) || process.env.DATABASE_URL

if (options.version) console.log('schema-engine-wasm')
else if (positionals[0] === 'cli') await answerCommand(positionals.at(-1))
else serve()

/** `can-connect-to-database` or `create-database`, answered by the exit code. */
async function answerCommand(command) {
  const url = new URL(databaseUrl)
  const name = url.pathname.slice(1)
  if (command === 'create-database') url.pathname = '/postgres'
  const client = new pg.Client(url.href)
  try {
    await client.connect()
    if (command === 'create-database') await client.query(`create database ${client.escapeIdentifier(name)}`)
    await client.end()
  } catch ({ message, code }) {
    const fields = { is_panic: false, message, error_code: code === '3D000' ? 'P1003' : 'P1001', meta: {} }
    console.error(`\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}`)
    process.exitCode = 1
  }
}

function serve() {
  let answered = Promise.resolve()
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      answered = answered.then(() => answer(JSON.parse(line)))
    })
    .on('close', () => answered.then(() => process.exit(0)))
}

let loading

async function loadEngine() {
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg'))
  const glue = await import(join(folder, 'schema_engine_bg.js'))
  const binary = readFileSync(join(folder, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(binary, { './schema_engine_bg.js': glue })
  glue.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  const datamodels = options.datamodels?.map((path) => [path, readFileSync(path, 'utf8')])
  return glue.SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(adapterFactory()))
}

function adapterFactory() {
  const factory = databaseUrl ? new PrismaPg({ connectionString: databaseUrl }) : new PrismaPGlite(new PGlite())
  factory.connectToShadowDb = () => new PrismaPGlite(new PGlite()).connect()
  if (!databaseUrl) return factory
  const connect = factory.connect.bind(factory)
  factory.connect = async () => withInternalChar(await connect())
  return factory
}

const INTERNAL_CHAR = 18
const NAME = 19

/** The engine's catalog queries return PostgreSQL's internal "char" type, which the adapter refuses to read. */
function withInternalChar(adapter) {
  const performIO = adapter.performIO.bind(adapter)
  const queryRaw = adapter.queryRaw.bind(adapter)
  let isChar = []
  adapter.performIO = async (query) => {
    const result = await performIO(query)
    isChar = result.fields?.map((field) => field.dataTypeID === INTERNAL_CHAR) ?? []
    for (const [index, field] of result.fields?.entries() ?? []) if (isChar[index]) field.dataTypeID = NAME
    return result
  }
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query)
    result.columnTypes = result.columnTypes.map((type, index) => (isChar[index] ? ColumnTypeEnum.Character : type))
    return result
  }
  return adapter
}

async function answer({ id, method, params }) {
  // A message without a method is the command line's answer to our `print`.
  if (!method) return
  try {
    loading ??= loadEngine()
    const engine = await loading
    const result = await engine[method === 'getDatabaseVersion' ? 'version' : method](params)
    if (method !== 'diff') return send({ id, result: result ?? {} })
    if (result.stdout != null) send({ id: 1_000_000 + id, method: 'print', params: { content: result.stdout } })
    send({ id, result: { exitCode: result.exitCode } })
  } catch ({ message, code }) {
    const data = { is_panic: false, message, error_code: code }
    send({ id, error: { code: 4466, message: 'An error happened. Check the data field for details.', data } })
  }
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}

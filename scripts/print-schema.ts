import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from '../src/graphql/schema.ts'

/** Writes schema.graphql from the code, in alphabetical order so that a change shows as itself. */
const file = fileURLToPath(new URL('../schema.graphql', import.meta.url))
writeFileSync(file, `${printSchema(lexicographicSortSchema(schema))}\n`)
console.log(`${file} is written`)

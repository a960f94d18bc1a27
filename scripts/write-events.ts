import { writeFileSync } from 'node:fs'
import { eventsPage, PAGE } from './events-page.ts'

/** Writes docs/events.md from the descriptions of the events. */
writeFileSync(PAGE, eventsPage())
console.log(`${PAGE.pathname} is written`)

import { chmodSync, mkdirSync } from 'node:fs'

/** Makes the data folder. Where we are root, PostgreSQL runs as another user, who must be able to pass through it. */
export function makeDataFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o711 })
  if (made !== undefined) chmodSync(folder, 0o711)
}

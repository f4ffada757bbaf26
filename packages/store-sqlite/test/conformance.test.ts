import { testTokenStore } from '@procore-auth/conformance'
import Database from 'libsql'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type SqliteDatabase, SqliteTokenStore } from '../src/index.js'
import { newFiles } from './support/sqlite-files.js'

vi.setConfig({ testTimeout: 60_000 })

interface Closable extends SqliteDatabase {
  close(): unknown
}

const newFile = newFiles()

function conforms(driver: string, connect: (file: string) => Closable): void {
  let file = ''
  beforeEach(() => {
    file = newFile()
  })
  testTokenStore(
    { describe, test },
    {
      name: `SqliteTokenStore on ${driver}`,
      open: async () => {
        const database = connect(file)
        return {
          store: new SqliteTokenStore(database),
          close: async () => {
            database.close()
          },
        }
      },
      shared: true,
      durable: true,
      openUnreachable: async () => {
        const database = connect(file)
        database.close()
        return { store: new SqliteTokenStore(database) }
      },
    },
  )
}

conforms('libsql', (file) => new Database(file))

// Node has its own SQLite from 22.13 on.
const name = 'node:sqlite'
const builtIn: { DatabaseSync: new (file: string) => Closable } | undefined = await import(
  /* @vite-ignore */ name
).catch(() => undefined)

if (builtIn) conforms('node:sqlite', (file) => new builtIn.DatabaseSync(file))

test('node:sqlite is tried wherever Node has it', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const expected = major > 22 || (major === 22 && minor >= 13)
  if (!expected) process.stderr.write(`not tried: node:sqlite, on Node ${process.version}\n`)
  expect(builtIn !== undefined).toBe(expected)
})

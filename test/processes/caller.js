// One process of an application: opens the shared store, waits for the word, and calls the API as
// often as it is told at once. Started by the tests; talks to them over IPC.
import { createProcoreAuth } from '@procore-auth/core'
import { FileTokenStore } from '@procore-auth/core/node'
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import { RedisTokenStore } from '@procore-auth/store-redis'
import { SqliteTokenStore } from '@procore-auth/store-sqlite'
import { Redis } from 'ioredis'
import Database from 'libsql'
import pg from 'pg'

const { store, options } = JSON.parse(process.argv[2])
const tokenStore = {
  file: () => new FileTokenStore({ directory: store.directory }),
  sqlite: () => new SqliteTokenStore(new Database(store.file)),
  redis: () => new RedisTokenStore(quiet(new Redis(store.url)), { prefix: store.prefix }),
  postgres: () =>
    new PostgresTokenStore(quiet(new pg.Pool({ connectionString: store.url, max: 2 })), {
      table: store.table,
    }),
}[store.kind]()
const auth = createProcoreAuth({ ...options, tokenStore })

process.on('message', async ({ calls }) => {
  const client = auth.forUser()
  const results = await Promise.allSettled(
    Array.from({ length: calls }, () => client.get('/rest/v1.0/me')),
  )
  process.send({
    succeeded: results.filter(({ status }) => status === 'fulfilled').length,
    codes: [...new Set(results.flatMap(({ reason }) => (reason ? [reason.code] : [])))],
  })
})
process.send('ready')

/** A connection that is lost is told by the call that needs it. */
function quiet(connection) {
  connection.on('error', () => {})
  return connection
}

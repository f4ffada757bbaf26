import { testTokenStore } from '@procore-auth/conformance'
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import { afterAll, beforeAll } from 'vitest'
import { describeWithBouncer, newSchema, openPool, startBouncer } from './support/postgres.js'
import { runner } from './support/runner.js'

describeWithBouncer('PgBouncer in transaction mode', () => {
  const { schema, drop } = newSchema()
  let url = ''
  let stop = async (): Promise<void> => undefined

  beforeAll(async () => {
    const bouncer = await startBouncer()
    url = bouncer.url
    stop = bouncer.stop
  }, 20_000)

  afterAll(async () => {
    await stop()
    await drop()
  })

  testTokenStore(runner, {
    name: 'PostgresTokenStore',
    shared: true,
    durable: true,
    leaseMs: 200,
    open: async () => {
      const pool = openPool({ connectionString: url })
      return { store: new PostgresTokenStore(pool, { schema }), close: () => pool.end() }
    },
  })
})

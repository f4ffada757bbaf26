import { testTokenStore } from '@procore-auth/conformance'
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import { afterAll } from 'vitest'
import { describeWithPostgres, newSchema, openPool } from './support/postgres.js'
import { runner } from './support/runner.js'

describeWithPostgres('PostgreSQL', () => {
  const { schema, drop } = newSchema()
  afterAll(() => drop())

  testTokenStore(runner, {
    name: 'PostgresTokenStore',
    shared: true,
    durable: true,
    leaseMs: 200,
    open: async () => {
      const pool = openPool()
      return { store: new PostgresTokenStore(pool, { schema }), close: () => pool.end() }
    },
    openUnreachable: async () => {
      const pool = openPool({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' })
      return { store: new PostgresTokenStore(pool), close: () => pool.end() }
    },
  })
})

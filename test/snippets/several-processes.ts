import { createProcoreAuth, optionsFromEnv } from '@procore-auth/core'
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import pg from 'pg'

export const auth = createProcoreAuth({
  ...optionsFromEnv(),
  tokenStore: new PostgresTokenStore(new pg.Pool()),
})

export type { PostgresClient } from './database.js'
export { PostgresTokenStore, type PostgresTokenStoreOptions } from './postgres-token-store.js'

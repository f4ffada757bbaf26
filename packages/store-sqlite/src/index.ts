export type { SqliteDatabase, SqliteStatement } from './database.js'
export { SqliteTokenStore, type SqliteTokenStoreOptions } from './sqlite-token-store.js'

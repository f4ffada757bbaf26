export type { OpenStore, TestRunner, TokenStoreSubject } from './subject.js'
export { testTokenStore } from './test-token-store.js'

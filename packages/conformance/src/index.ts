export type {
  AdapterSubject,
  AppAnswer,
  AppPlan,
  AppRoute,
  MountPlan,
  RunningApp,
} from './adapters/subject.js'
export { testAdapter } from './adapters/test-adapter.js'
export type { OpenStore, TokenStoreSubject } from './stores/subject.js'
export { testTokenStore } from './stores/test-token-store.js'
export type { TestRunner } from './test-runner.js'

import { testAdapter } from '@procore-auth/conformance'
import { describe, test } from 'vitest'
import { startKoa, VERSIONS } from './apps/koa.js'

for (const [version, koa] of Object.entries(VERSIONS)) {
  testAdapter({ describe, test }, { name: `Koa ${version}`, start: (plan) => startKoa(koa, plan) })
}

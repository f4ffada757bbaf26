import { testAdapter } from '@procore-auth/conformance'
import { describe, test } from 'vitest'
import { startExpress, VERSIONS } from './apps/express.js'

for (const [version, express] of Object.entries(VERSIONS)) {
  testAdapter(
    { describe, test },
    { name: `Express ${version}`, start: (plan) => startExpress(express, plan) },
  )
}

import { testAdapter } from '@procore-auth/conformance'
import { describe, test } from 'vitest'
import { VERSIONS } from './apps/express.js'
import { startPassport } from './apps/passport.js'

for (const [version, express] of Object.entries(VERSIONS)) {
  testAdapter(
    { describe, test },
    {
      name: `Passport on Express ${version}`,
      session: 'application',
      start: (plan) => startPassport(express, plan),
    },
  )
}

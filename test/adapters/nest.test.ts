import core from '@nestjs/core/package.json' with { type: 'json' }
import { testAdapter } from '@procore-auth/conformance'
import { describe, expect, test } from 'vitest'
import { ON_EXPRESS, ON_FASTIFY, startNest } from './apps/nest.js'

// The project nest-11 of vitest's configuration runs this file with another version.
const major = process.env['NEST_MAJOR'] ?? '12'

test(`NestJS ${major} is what is tested`, () => {
  expect(core.version.split('.')[0]).toBe(major)
})

testAdapter(
  { describe, test },
  { name: `Nest ${major} on Express`, start: (plan) => startNest(ON_EXPRESS, plan) },
)
testAdapter(
  { describe, test },
  { name: `Nest ${major} on Fastify`, start: (plan) => startNest(ON_FASTIFY, plan) },
)

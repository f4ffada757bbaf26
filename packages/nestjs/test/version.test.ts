import core from '@nestjs/core/package.json' with { type: 'json' }
import { expect, it } from 'vitest'

it('these tests run with the version of NestJS that the project names', () => {
  expect(core.version.split('.')[0]).toBe(process.env['NEST_MAJOR'] ?? '12')
})

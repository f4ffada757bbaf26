import type { Reporter, TestModule } from 'vitest/node'
import './figures.js'

/** Prints what the tests have measured on the last line. */
export default class FiguresReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const sum = new Map<string, number>()
    for (const test of tests) {
      for (const [name, value] of Object.entries(test.meta().figures ?? {})) {
        const earlier = sum.get(name) ?? 0
        sum.set(name, name.startsWith('longest') ? Math.max(earlier, value) : earlier + value)
      }
    }
    const failed = tests.filter((test) => test.result().state === 'failed').length
    const figures = [...sum].map(([name, value]) => `${name} ${Math.round(value)}`)
    const name = process.env['PROOF'] ?? 'figures'
    process.stdout.write(`${name}: ${[...figures, `failed tests ${failed}`].join(', ')}\n`)
  }
}

import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node'

/** What became of one case. */
export type Mark = '✓' | '✗' | '?'

/** The cases of one framework, in order: group and name, and what became of them. */
export interface Column {
  readonly framework: string
  readonly marks: ReadonlyMap<string, Mark>
}

const SEPARATOR = ' › '
/** A case that a framework has not got. */
const NONE = '–'

/**
 * Writes the table framework × case.
 *
 * @param columns one for each framework
 * @param others failures that are in no column, such as a file that could not be loaded
 * @returns lines; the last one is the sum
 */
export function tableOf(columns: readonly Column[], others: readonly string[]): string[] {
  // The framework with the most cases sets the order; what only others have comes behind.
  const complete = [...columns].sort((a, b) => b.marks.size - a.marks.size)
  const cases = [...new Set(complete.flatMap(({ marks }) => [...marks.keys()]))]
  const width = Math.max(0, ...cases.map((path) => nameOf(path).length)) + 4
  const head = columns.map((_, index) => String(index + 1).padStart(3)).join('')
  const lines = columns.map(
    ({ framework }, index) => `${String(index + 1).padStart(3)} ${framework}`,
  )
  lines.push('', ' '.repeat(width) + head)
  for (const group of new Set(cases.map(groupOf))) {
    lines.push(group)
    for (const path of cases.filter((one) => groupOf(one) === group)) {
      const marks = columns.map((column) => `  ${column.marks.get(path) ?? NONE}`)
      lines.push(`  ${nameOf(path)}`.padEnd(width) + marks.join(''))
    }
  }
  const all = columns.flatMap(({ marks }) => [...marks.values()])
  const failed = all.filter((mark) => mark !== '✓').length + others.length
  const sum = `${columns.length} frameworks x ${cases.length} cases, failed: ${failed}`
  return [...lines, '', `${NONE} not offered by this framework, ? not run`, ...others, sum]
}

function groupOf(path: string): string {
  return path.split(SEPARATOR)[0] ?? ''
}

function nameOf(path: string): string {
  return path.split(SEPARATOR).slice(1).join(SEPARATOR)
}

/** Prints the table framework × case of the adapter suite, with the sum on the last line. */
export default class AdapterTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const columns = modules.flatMap((module) => [...module.children.suites()].map(columnOf))
    const others = [
      ...modules.flatMap(failuresOutside),
      ...unhandled.map((error) => `✗ ${error.message}`),
    ]
    process.stdout.write(`${tableOf(columns, others).join('\n')}\n`)
  }
}

/** Returns what went wrong in a file outside the cases of a framework. */
function failuresOutside(module: TestModule): string[] {
  const failed = [...module.children.tests()].filter((test) => markOf(test) !== '✓')
  const names = failed.map(({ name }) => name)
  if (module.errors().length > 0) names.push('could not be run')
  return names.map((name) => `✗ ${module.relativeModuleId}: ${name}`)
}

function columnOf(suite: TestSuite): Column {
  const tests = [...suite.children.allTests()]
  return {
    framework: suite.name,
    marks: new Map(tests.map((test) => [pathOf(test, suite), markOf(test)])),
  }
}

function pathOf(test: TestCase, suite: TestSuite): string {
  const names = [test.name]
  for (let at = test.parent; at.type === 'suite' && at !== suite; at = at.parent) {
    names.unshift(at.name)
  }
  return names.join(SEPARATOR)
}

function markOf(test: TestCase): Mark {
  const { state } = test.result()
  if (state === 'passed') return '✓'
  return state === 'failed' ? '✗' : '?'
}

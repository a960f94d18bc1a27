export class Overdue extends Error {
  override readonly name = 'Overdue'
}

/** The answer, or an Overdue error when it has not come by then. What it waits for is left to itself. */
export function within<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const overdue = setTimeout(() => reject(new Overdue(`no answer within ${ms} ms`)), ms)
    answer.then(resolve, reject).finally(() => clearTimeout(overdue))
  })
}

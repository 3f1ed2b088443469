// Asks iam-simulate whether AWS would allow a call, for judge.py, which starts this program with the folder
// that holds the packages. Each line on standard input is a batch, {documents, questions}; each line on
// standard output answers it, question by question: "Allowed", "ExplicitlyDenied", "ImplicitlyDenied", or
// {"error": …} where the question makes no sense to AWS (no such action, a resource that does not fit it).
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(process.argv[2])
const { runSimulation, runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')
const { createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy, validateTrustPolicy } =
  require('@cloud-copilot/iam-policy')

// What the evaluator knows of conditions on tokens does not include every claim of every issuer.
const TOKEN_ACTION = 'sts:AssumeRoleWithWebIdentity'

// Nor do its lists have these, which AWS documents: resources of a data channel of Session Manager, documents that AWS
// itself owns (they name no account), and the pairs of an encryption context. Asked about them it evaluates all the
// same policies, and takes the question as it is.
const isUnlisted = (question) => question.action === 'ssmmessages:OpenDataChannel' ||
  /^arn:aws:ssm:[a-z0-9-]+::document\/AWS-\w+$/.test(question.resource) ||
  Object.keys(question.context).some((key) => key.startsWith('kms:EncryptionContext:'))

const once = (documents, validate) => {
  const validated = new Map()
  return (index) => {
    if (!validated.has(index)) {
      validated.set(index, createValidatedPolicy(documents[index], validate, { name: `document ${index}` }))
    }
    return validated.get(index)
  }
}

async function judge (question, identity, resource, trust) {
  const named = (index) => ({ name: `document ${index}`, policy: identity(index) })
  const entering = question.action.startsWith('sts:')
  const simulation = {
    request: {
      principal: question.principal,
      action: question.action,
      resource: { resource: question.resource, accountId: question.accountId },
      contextVariables: question.context
    },
    identityPolicies: question.identityPolicies.map(named),
    permissionBoundaryPolicies: question.boundary === null ? undefined : [named(question.boundary)],
    resourcePolicy: question.resourcePolicy === null
      ? undefined
      : (entering ? trust : resource)(question.resourcePolicy),
    sessionPolicy: question.sessionPolicy === null ? undefined : identity(question.sessionPolicy),
    serviceControlPolicies: [],
    resourceControlPolicies: []
  }
  if (question.action === TOKEN_ACTION) {
    const { errors } = simulation.resourcePolicy
    return errors.length ? { error: JSON.stringify(errors) } : runUnsafeSimulation(simulation)
  }
  if (isUnlisted(question)) {
    const errors = [...simulation.identityPolicies, ...(simulation.permissionBoundaryPolicies ?? [])]
      .flatMap(({ policy }) => policy.errors)
    return errors.length || question.sessionPolicy !== null ? { error: JSON.stringify(errors) } : runUnsafeSimulation(simulation)
  }
  const answer = await runSimulation(simulation, {})
  if (answer.resultType === 'error') return { error: JSON.stringify(answer.errors) }
  const ignored = (answer.results ?? [answer.result]).flatMap((one) => one.ignoredContextKeys ?? [])
  // A key that AWS would not send with this action: the question is wrong, not the answer.
  return ignored.length ? { error: `no such condition keys here: ${ignored}` } : answer.overallResult
}

for await (const line of createInterface({ input: process.stdin })) {
  const { documents, questions } = JSON.parse(line)
  const readers = [validateIdentityPolicy, validateResourcePolicy, validateTrustPolicy].map((validate) =>
    once(documents, validate))
  const answers = []
  for (const question of questions) {
    try {
      answers.push(await judge(question, ...readers))
    } catch (error) {
      answers.push({ error: String(error) })
    }
  }
  process.stdout.write(JSON.stringify(answers) + '\n')
}

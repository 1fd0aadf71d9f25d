#!/bin/sh
# Makes, starts and introduces the three fictitious agencies of compose.three-nodes.yaml.
#
#   docker/three-nodes.sh                                  with docker
#   COMPOSE=podman-compose docker/three-nodes.sh           with another program that reads compose files
#
# Run it again after `down --volumes`. Then, for instance:
#   docker compose -f docker/compose.three-nodes.yaml exec anvt passerelle peer list
set -eu
cd "$(dirname "$0")"
compose() { ${COMPOSE:-docker compose} -f compose.three-nodes.yaml "$@"; }

make_home() { # service code country language=name port board-port
    compose run --rm "$1" init --fictitious --code "$2" --country "$3" --name "$4" \
        --address "http://$1.example:$5" --port "$5" --console-port "$6"
}

introduce() { # service partner code port
    compose exec "$1" passerelle peer add --yes --code "$3" --address "http://127.0.0.1:$4" "http://127.0.0.1:$4"
}

compose build anvt
compose up -d crossing
make_home anvt TG-ANVT TG "fr=Agence nationale du volontariat au Togo" 8420 8421
make_home cnpv ML-CNPV ML "fr=Centre national de promotion du volontariat au Mali" 8430 8431
make_home fv FR-FV FR "fr=France Volontaires" 8440 8441
compose up -d
for service in anvt cnpv fv; do
    until compose exec "$service" passerelle status >/dev/null 2>&1; do sleep 1; done
done
introduce anvt cnpv ML-CNPV 8430
introduce cnpv anvt TG-ANVT 8420
introduce fv anvt TG-ANVT 8420
introduce fv cnpv ML-CNPV 8430
compose exec anvt passerelle peer list

"""``python -m rnn_core.jobs``: run the engine until it is idle and alone, or told to end."""
from __future__ import annotations

import asyncio
from pathlib import Path

import click

from rnn_core.jobs.engine import Plan, run_engine, usual_workers
from rnn_core.jobs.errors import EngineError
from rnn_core.jobs.secure import security_from
from rnn_core.records.given import data_folder


@click.command(help=__doc__)
@click.option("--folder", type=click.Path(path_type=Path), help="Where runs are kept; default: the user's data folder.")
@click.option("--workers", type=click.IntRange(0, 256), help="Worker processes; default: one a core, one core spared.")
@click.option("--idle", type=click.FloatRange(1), default=60.0, help="Seconds to stay when idle and alone.")
@click.option("--host", default="127.0.0.1", help="Address to listen on; others than loopback need certificates.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0 picks a free one.")
@click.option("--tls-ca", help="File with the authority's certificate.")
@click.option("--tls-cert", help="File with the engine's certificate.")
@click.option("--tls-key", help="File with the engine's key.")
def main(folder: Path | None, workers: int | None, idle: float, host: str, port: int, tls_ca: str | None,
         tls_cert: str | None, tls_key: str | None) -> None:
    """Read the options and run."""
    try:
        plan = Plan(folder or data_folder(), usual_workers() if workers is None else workers, idle, host, port,
                    security_from(tls_ca, tls_cert, tls_key))
        if not asyncio.run(run_engine(plan)):
            click.echo(f"An engine is already at work in {plan.folder}.", err=True)
    except EngineError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()

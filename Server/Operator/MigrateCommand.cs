using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>migrate --to TARGET</c>: copies the whole chat from SQLite to PostgreSQL, or back.</summary>
internal static class MigrateCommand
{
    public static Command Create(OperatorContext context)
    {
        var to = new Option<string>("--to")
        {
            Description = "a connection string of an empty PostgreSQL database, such as \"Host=localhost;Database=chat;Username=chat\"; or, for a chat in PostgreSQL, a folder without a database",
            HelpName = "TARGET",
            Required = true,
        };
        var command = new Command("migrate", "Copies the whole chat from SQLite to PostgreSQL, or back, and checks the copy. Run it again to continue after an interruption. The server must not be running.") { to };
        command.SetAction(given => context.Invoke(command, (data, cancel) => Migrate(data, given.GetRequiredValue(to), context.Console, cancel)));
        return command;
    }

    private static int Migrate(DataOptions data, string to, OperatorConsole console, CancellationToken cancel)
    {
        var isPostgres = to.Contains('=', StringComparison.Ordinal);
        if (isPostgres && data.Postgres is not null)
            throw new OperatorException("--to: the chat is in PostgreSQL already; name a folder, such as: --to data");
        if (!isPostgres && data.Postgres is null)
            throw new OperatorException("--to: the chat is in SQLite already; name a PostgreSQL database, such as: --to \"Host=localhost;Database=chat;Username=chat\"");
        var source = ChatDatabases.Find(data);
        var target = ChatDatabases.Get(isPostgres ? new DataOptions { Path = data.Path, Postgres = to } : new DataOptions { Path = to });
        var result = Progress.RunWithProgress(console, progress => Migration.Run(source, target, progress, cancel));
        console.WriteLine($"Migrated {CheckCommand.Describe(result)} to {target.Location}");
        console.WriteLine(isPostgres
            ? $"Start the server with --Data:Postgres and this database. The files stay in {source.Contents.Path}."
            : $"Start the server with --Data:Path {target.Location}, and without --Data:Postgres.");
        return ExitCode.Success;
    }
}

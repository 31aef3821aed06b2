using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>remove-account NAME…</c>: removes accounts, all or nothing. After that, their names are free.</summary>
internal static class RemoveAccountCommand
{
    public static Command Create(OperatorContext context)
    {
        var names = new Argument<string[]>("NAME") { Description = "the name of an account; more names may follow", Arity = ArgumentArity.OneOrMore };
        var command = new Command(
            "remove-account", "Removes accounts with their sessions and memberships, so that anybody can take their names. Their messages stay. The server must not be running.") { names };
        command.SetAction(given => context.Invoke(command, (data, cancel) => Remove(data, given.GetRequiredValue(names), context.Console, cancel)));
        return command;
    }

    private static int Remove(DataOptions data, string[] names, OperatorConsole console, CancellationToken cancel)
    {
        var database = ChatDatabases.Find(data);
        var missing = "";
        IReadOnlyCollection<string> known = [];
        var removed = Progress.RunWithProgress(console, progress =>
        {
            progress.Report(new WorkProgress("removing accounts", 0, 0));
            return AccountRemoval.Run(database, names, out missing, out known, cancel);
        });
        if (removed is null)
            throw OperatorException.CreateUnknown("account", missing, known);
        foreach (var (name, sessions) in removed)
            console.WriteLine($"Removed the account {name} and its {sessions} {(sessions == 1 ? "session" : "sessions")}");
        return ExitCode.Success;
    }
}

using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>erase --user NAME</c>: erases a user and what the user wrote, all or nothing.</summary>
internal static class EraseCommand
{
    public static Command Create(OperatorContext context)
    {
        var user = new Option<string>("--user") { Description = "the name of an account, or the id of a user, such as a guest", HelpName = "NAME", Required = true };
        var command = new Command(
            "erase", "Erases a user: the messages, files, topics, reactions, name, sessions and memberships. Backups and exports keep what they contain. The server must not be running.") { user };
        command.SetAction(given => context.Invoke(command, (data, cancel) => Erase(data, given.GetRequiredValue(user), context, cancel)));
        return command;
    }

    private static int Erase(DataOptions data, string nameOrId, OperatorContext context, CancellationToken cancel)
    {
        var database = ChatDatabases.Find(data);
        IReadOnlyList<string> known = [];
        var erased = Progress.RunWithProgress(context.Console, progress =>
        {
            progress.Report(new WorkProgress($"erasing {nameOrId}", 0, 0));
            return UserErasure.Run(database, nameOrId, context.Time.GetUtcNow(), out known, cancel);
        });
        if (erased is not var (name, messages, sessions))
            throw OperatorException.CreateUnknown("user", nameOrId, known);
        context.Console.WriteLine($"Erased {name} with {messages} {(messages == 1 ? "message" : "messages")} and {sessions} {(sessions == 1 ? "session" : "sessions")}");
        return ExitCode.Success;
    }
}

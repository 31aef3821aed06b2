using System.CommandLine;
using RawSocketChat.Server.Push;

namespace RawSocketChat.Server.Operator;

/// <summary><c>push-keys</c>: creates the keys with which the server signs its push messages.</summary>
internal static class PushKeysCommand
{
    public static Command Create(OperatorContext context)
    {
        var command = new Command("push-keys", "Creates a pair of keys for push messages, and prints it as settings. It changes nothing. Keep the private key secret.");
        command.SetAction(_ => Print(context.Console));
        return command;
    }

    private static int Print(OperatorConsole console)
    {
        var (publicKey, privateKey) = PushKeys.Create();
        console.WriteLine($"--{PushOptions.Section}:{nameof(PushOptions.PublicKey)} {publicKey}");
        console.WriteLine($"--{PushOptions.Section}:{nameof(PushOptions.PrivateKey)} {privateKey}");
        return ExitCode.Success;
    }
}

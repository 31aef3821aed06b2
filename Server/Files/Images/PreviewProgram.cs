using System.Text.Json;

namespace RawSocketChat.Server.Files.Images;

/// <summary>
/// The program that decodes images: the server's executable, started by the server with the command <see cref="Command"/>. Decoders are native code
/// that processes untrusted input. Because they run in a separate process, a malformed or hostile image can neither crash the server nor use up its
/// memory. The program reads requests from its standard input and writes an answer to each one, until the input ends.
/// </summary>
internal static class PreviewProgram
{
    /// <summary>The only argument of the program. <c>--help</c> does not list it, because only the server uses it.</summary>
    public const string Command = "create-previews";

    public static int Run(Stream input, Stream output)
    {
        PreferAsVictim();
        using var requests = new StreamReader(input);
        using var answers = new StreamWriter(output) { AutoFlush = true };
        while (requests.ReadLine() is { } line)
        {
            var request = JsonSerializer.Deserialize(line, PreviewJson.Default.PreviewRequest)!;
            answers.WriteLine(JsonSerializer.Serialize(CreatePreview(request), PreviewJson.Default.PreviewAnswer));
        }

        return 0;
    }

    private static PreviewAnswer CreatePreview(PreviewRequest request)
    {
        try
        {
            return PreviewPainter.Create(request) ?? new PreviewAnswer(0, 0);
        }
#pragma warning disable CA1031 // an untrusted image must not end the program
        catch (Exception)
#pragma warning restore CA1031
        {
            File.Delete(request.Preview);
            return new PreviewAnswer(0, 0);
        }
    }

    // Makes Linux end this process before the server if the memory of the machine is used up.
    private static void PreferAsVictim()
    {
        try
        {
            if (OperatingSystem.IsLinux())
                File.WriteAllText("/proc/self/oom_score_adj", "1000");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // In some containers the file is read-only. Then Linux treats this process like any other.
        }
    }
}

namespace RawSocketChat.Protocol.Chat;

/// <summary>Creates the answer to <c>help</c>.</summary>
public static class Help
{
    /// <summary>
    /// Creates the help about one command and its variants, or about all commands if <paramref name="about"/> is null. For a slightly mistyped word,
    /// the help is about the most similar command. For an unknown word the help lists all commands and repeats the word in <see cref="HelpFrame.About"/>.
    /// </summary>
    /// <param name="id">The id of the request.</param>
    /// <param name="about">The name of a command or a type, or an alias; null for all commands.</param>
    /// <param name="isOffered">
    /// Whether the server offers a type; null if it offers all types. The list omits the commands of types that are not offered. If
    /// <paramref name="about"/> names a command that is not offered, the help says that the server does not offer it.
    /// </param>
    public static HelpFrame CreateFrame(FrameId id, string? about, Func<ClientFrameType, bool>? isOffered = null)
    {
        var word = about?.Trim().TrimStart('/');
        if (string.IsNullOrEmpty(word))
            return new HelpFrame(id, null, CreateEntries(isOffered));
        var command = Commands.Find(word) ?? Commands.Find(NearestWord.Find(word, Commands.KnownNames) ?? "");
        return command is null
            ? new HelpFrame(id, word, CreateEntries(isOffered))
            : new HelpFrame(id, command.Name, [CreateEntry(command, isOffered), .. CreateVariantEntries(command, isOffered)]);
    }

    private static HelpEntry[] CreateEntries(Func<ClientFrameType, bool>? isOffered) =>
        [.. Commands.All.Where(command => isOffered?.Invoke(command.Type) != false).Select(command => CreateEntry(command, isOffered))];

    // The help about /create also describes /create-private.
    private static IEnumerable<HelpEntry> CreateVariantEntries(CommandSpec command, Func<ClientFrameType, bool>? isOffered) =>
        Commands.All.Where(other => other.Name.StartsWith(command.Name + "-", StringComparison.Ordinal)).Select(other => CreateEntry(other, isOffered));

    private static HelpEntry CreateEntry(CommandSpec command, Func<ClientFrameType, bool>? isOffered)
    {
        var notOffered = isOffered?.Invoke(command.Type) == false ? "not offered by this server: " : "";
        var aliases = command.Aliases.Length == 0 ? "" : " (also " + string.Join(", ", command.Aliases.Select(alias => "/" + alias)) + ")";
        return new HelpEntry(command.Name, command.Usage, Hint.CreateExample(command), notOffered + command.Description + aliases);
    }
}

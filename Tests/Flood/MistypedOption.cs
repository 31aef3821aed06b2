using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Flood;

/// <summary>What somebody typed whom the command line did not understand, in one line that says what would have worked.</summary>
internal static class MistypedOption
{
    /// <summary>The first thing that is wrong with it.</summary>
    public static string In(ParseResult parsed)
    {
        var error = parsed.Errors[0];
        if (error.SymbolResult is OptionResult { IdentifierTokenCount: > 1 and var times } repeated)
            return $"{repeated.Option.Name} can be given once (it is given {times} times)";
        if (error.SymbolResult is OptionResult { Option: var option } given)
            return given.Tokens.Count == 0 ? $"{option.Name} needs a value{Such(option)}" : $"{option.Name} must be {Kind(option)}{Such(option)} (it is {given.Tokens[^1].Value})";
        if (parsed.UnmatchedTokens is [var word, ..])
            return word.StartsWith('-')
                ? $"there is no option {word}{Meant(word, parsed)} (--help shows them)"
                : $"\"{word}\" belongs to no option{Meant(word, parsed)} (--help shows them)";
        return $"{error.Message} (--help shows the options)";
    }

    private static string Kind(Option option) =>
        option.ValueType == typeof(int) || option.ValueType == typeof(int?) ? "a whole number"
        : option.ValueType == typeof(double) ? "a number"
        : "given once";

    private static string Such(Option option) => option.Name == "--fail" ? ", such as --fail 'delivery.p99>50ms'"
        : option.HasDefaultValue && option.GetDefaultValue() is { } example and not false and not "" and not Array
            ? string.Create(CultureInfo.InvariantCulture, $", such as {option.Name} {example}")
            : "";

    private static string Meant(string word, ParseResult parsed) =>
        Nearest.To(word, parsed.CommandResult.Command.Options.Select(option => option.Name)) is { } near ? $"; did you mean {near}?" : "";
}

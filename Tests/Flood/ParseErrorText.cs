using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Flood;

/// <summary>Describes the error of a command line that could not be parsed, in one line with a correct example.</summary>
internal static class ParseErrorText
{
    /// <summary>Describes the first error.</summary>
    public static string Describe(ParseResult parsed)
    {
        var error = parsed.Errors[0];
        if (error.SymbolResult is OptionResult { IdentifierTokenCount: > 1 and var times } repeated)
            return $"{repeated.Option.Name} can be given once (it was given {times} times)";
        if (error.SymbolResult is OptionResult { Option: var option } result)
            return result.Tokens.Count == 0 ? $"{option.Name} needs a value{GetExample(option)}" : $"{option.Name} must be {DescribeType(option)}{GetExample(option)} (it is {result.Tokens[^1].Value})";
        if (parsed.UnmatchedTokens is [var word, ..])
            return word.StartsWith('-')
                ? $"there is no option {word}{GetSuggestion(word, parsed)} (--help shows them)"
                : $"\"{word}\" does not belong to an option{GetSuggestion(word, parsed)} (--help shows them)";
        return $"{error.Message} (--help shows the options)";
    }

    private static string DescribeType(Option option) =>
        option.ValueType == typeof(int) || option.ValueType == typeof(int?) ? "a whole number"
        : option.ValueType == typeof(double) ? "a number"
        : "given once";

    private static string GetExample(Option option) => option.Name == "--fail" ? ", such as --fail 'delivery.p99>50ms'"
        : option.HasDefaultValue && option.GetDefaultValue() is { } example and not false and not "" and not Array
            ? string.Create(CultureInfo.InvariantCulture, $", such as {option.Name} {example}")
            : "";

    private static string GetSuggestion(string word, ParseResult parsed) =>
        NearestWord.Find(word, parsed.CommandResult.Command.Options.Select(option => option.Name)) is { } near ? $"; did you mean {near}?" : "";
}

using System.Globalization;
using System.Text;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>
/// Adds the values of a list to the parameters of a statement, each as a parameter of its own. Dapper itself would send a list to PostgreSQL as one
/// array, which the operator <c>IN</c> does not accept.
/// </summary>
internal static class ListParameters
{
    /// <summary>Adds the values. Returns the operator and the list, such as <c>IN (NULL, @in0, @in1)</c>. A statement can have one list.</summary>
    public static string AddList(this DynamicParameters parameters, IReadOnlyList<string> values)
    {
        // NULL equals no value, so it changes no result. With NULL, an empty list is valid SQL too.
        var list = new StringBuilder("IN (NULL");
        for (var i = 0; i < values.Count; i++)
        {
            parameters.Add($"in{i}", values[i]);
            list.Append(CultureInfo.InvariantCulture, $", @in{i}");
        }

        return list.Append(')').ToString();
    }
}
